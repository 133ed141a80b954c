"""A DNS server on loopback with a test's records."""

import socket
import threading
from collections.abc import Mapping, Sequence
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

TTL = 60


class DnsServer:
    """Answers from `records`: (name, type) → values as in a zone file.

    It answers NXDOMAIN for any other name, SERVFAIL for all if `failing`, and nothing if `silent`.
    """

    def __init__(
        self,
        records: Mapping[tuple[str, str], Sequence[str]],
        *,
        silent: bool = False,
        failing: bool = False,
    ) -> None:
        self._records = records
        self._silent = silent
        self._failing = failing
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    @property
    def address(self) -> str:
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def _serve(self) -> None:
        while True:
            packet, sender = self._socket.recvfrom(4096)
            if packet == b"end":
                return
            if not self._silent:
                self._socket.sendto(self._answer(dns.message.from_wire(packet)), sender)

    def _answer(self, query: dns.message.Message) -> bytes:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        kind = dns.rdatatype.to_text(question.rdtype)
        if self._failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif values := self._records.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(question.name, TTL, "IN", kind, *values))
        elif aliases := self._records.get((name, "CNAME")):
            answer.answer.append(dns.rrset.from_text(question.name, TTL, "IN", "CNAME", *aliases))
            target = aliases[0]
            texts = self._records[target.rstrip("."), kind]
            answer.answer.append(dns.rrset.from_text(target, TTL, "IN", kind, *texts))
        elif not any(known == name for known, _ in self._records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"end", self._socket.getsockname())
        self._thread.join()
        self._socket.close()
