-- Names and places are shown to others, and sent to them from our domain. They must not be empty to
-- the eye, contain links, or imitate other names: docs/decisions/025-words-of-strangers.md.

create function private.flaw_of_words(p_text text, p_free boolean default false)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
    -- A fullwidth letter becomes a letter here, and a one-dot leader a full stop.
    v_text constant text := normalize(p_text, nfkc);
    v_lines constant text := case when p_free then translate(p_text, e'\t\n\r', '   ') else p_text end;
    -- Controls, default ignorable code points, Hangul fillers, blank symbols, directions, private use
    -- and noncharacters.
    v_invisible constant text := '[\u0001-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4'
        '\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ue000-\uf8ff'
        '\ufdd0-\ufdef\ufeff\uffa0\ufff0-\uffff\U00016fe4\U0001bca0-\U0001bca3\U0001d159'
        '\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U0010ffff]';
    -- Joiners and variation selectors belong to emoji and to scripts behind Latin.
    v_joiner constant text := '[\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]';
    v_marks constant text := '\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f';
    v_no_letters constant text := '\s!-/:-@\[-`{-~\u00a0-\u00a9\u00ab-\u00b4\u00b6-\u00b9'
        '\u00bb-\u00bf\u1680\u2000-\u205f\u3000-\u3003\u3008-\u3020';
    v_latin constant text := 'A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1d00-\u1d25\u1d2c-\u1dbf'
        '\u1e00-\u1eff\u2c60-\u2c7f\ua722-\ua7ff\uab30-\uab64\uab66-\uab6f';
    v_greek constant text := '\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386-\u03ff'
        '\u1d26-\u1d2a\u1f00-\u1fff\uab65';
    v_cyrillic constant text := '\u0400-\u0482\u048a-\u052f\u1c80-\u1c8f\u1d2b\ua640-\ua69f';
    -- The scripts of neither these nor East Asia.
    v_others constant text := '\u0531-\u10ff\u1200-\u17b3\u1800-\u1aaf\u1b00-\u1c7f\u1c90-\u1cff'
        '\u2c00-\u2c5f\u2c80-\u2ddf\ua4d0-\ua63f\ua6a0-\ua6ff\ua800-\ua95f\ua980-\uab2f\uab70-\uabff'
        '\ufb13-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010280-\U00016eff';
    -- It may stand between two letters of one word.
    v_inside constant text := concat('[', v_marks, '''’0-9\u2c7b-\u9fff\uac00-\ud7a3]*');
begin
    return case
        when v_lines ~ v_invisible
            or v_lines ~ concat('(^|[\u0001-\u024f])(?!\ufe0f\u20e3)', v_joiner)
            or v_lines ~ '[\u200c\u200d]([\u200c\u200d\s]|$)'
            then 'must not contain invisible characters'
        when v_text !~ concat('[^', v_no_letters, v_marks, ']')
            then 'must have a letter, a digit or a symbol'
        when p_free then null
        when v_text ~* '://|www[.]|mailto:'
            or v_text ~ concat('[^', v_no_letters, '][.][^0-9', v_no_letters, ']{2}')
            or v_text ~* '[a-z0-9]。[a-z]{2}'
            then 'must not contain a link; put a space after a full stop'
        when v_text ~ concat('[', v_latin, ']', v_inside, '[', v_greek, v_cyrillic, v_others, ']')
            or v_text ~ concat('[', v_greek, ']', v_inside, '[', v_latin, v_cyrillic, v_others, ']')
            or v_text ~ concat('[', v_cyrillic, ']', v_inside, '[', v_latin, v_greek, v_others, ']')
            or v_text ~ concat('[', v_others, ']', v_inside, '[', v_latin, v_greek, v_cyrillic, ']')
            then 'must not mix alphabets within a word'
    end;
end;
$$;
comment on function private.flaw_of_words is
'The reason to refuse a name or a place, or null. Whatever way it comes in, this decides. Free text
may have lines, links and any letters, but nothing hidden.';

create function private.refuse_flaw(p_field text, p_flaw text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
    if p_flaw is not null then
        raise exception 'refused_words' using
            errcode = 'WA003', detail = concat(p_field, ': ', p_flaw);
    end if;
end;
$$;
comment on function private.refuse_flaw is
'Refuses a request because of a field. The detail of the error is the field''s name and the flaw.';
