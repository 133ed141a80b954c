create function private.notify_of_message(p_message public.messages, p_reader_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_wait constant integer := 30;
    v_due_at constant timestamptz := now() + make_interval(secs => v_wait);
    v_notification public.notifications;
begin
    -- One notification waits for all messages of these seconds. Reading its message voids it.
    update public.notifications as waiting
    set
        subject_revision = p_message.seq,
        due_at = case
            when private.has_received(
                p_reader_id, p_message.match_id, waiting.subject_revision
            ) then v_due_at
            else waiting.due_at
        end
    where waiting.id in (
        select unlisted.id
        from public.notifications as unlisted
        where unlisted.user_id = p_reader_id
            and unlisted.match_id = p_message.match_id
            and unlisted.kind = 'message'
            and unlisted.seq is null
        -- A notification that is being listed can no longer take in this message.
        for update skip locked
    )
    returning waiting.* into v_notification;
    if not found then
        -- Not private.notify, which would count an email that is never sent.
        insert into public.notifications as waiting (
            user_id, kind, match_id, subject_revision, facts, dedupe_key, due_at
        )
        values (
            p_reader_id,
            'message',
            p_message.match_id,
            p_message.seq,
            jsonb_build_object(
                'match_id', p_message.match_id,
                'partner_name', private.display_name(p_reader_id, p_message.sender_id)
            ),
            concat_ws(':', 'message', p_reader_id, p_message.id),
            v_due_at
        )
        returning waiting.* into v_notification;
    end if;
    perform private.plan_message_email(p_message, p_reader_id);
    return (
        select coalesce(
            jsonb_agg(jsonb_build_object(
                'channel', 'push',
                'id', v_notification.id,
                'priority', 'urgent',
                'in_seconds', v_wait
            )),
            '[]'::jsonb
        )
        where v_notification.due_at = v_due_at
            and exists (select from private.devices as device where device.user_id = p_reader_id)
    );
end;
$$;
comment on function private.notify_of_message is
'Notifies the reader in 30 seconds, unless the message is read by then. The notification says which
message is the newest, but has no words of it. Returns what is due then, to be handed to the queue,
if it did not wait already and the reader has a device.';
