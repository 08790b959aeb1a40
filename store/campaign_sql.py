"""The statements by which a chunk of a campaign's people is claimed. Made once: they run for every few mails."""

from __future__ import annotations

from sqlalchemy import text

DUE = text(
    """
    SELECT contact_id, position FROM campaign_recipients
    WHERE run_id = :run AND due_at <= :at AND position <= :last ORDER BY due_at, position LIMIT :most
    """
)
OPEN = text(
    """
    SELECT id, contact_id, step, state, words, fields, recipient,
        coalesce(first_called_at, created_at) AS first_called_at
    FROM messages
    WHERE run_id = :run AND ((state = 'claimed' AND due_at <= :at) OR (state = 'calling' AND calling_until <= :at))
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
    """
)
LOCK = text(
    """
    SELECT id, email, first_name, company, attributes, opted_out_at, suppressed, consented_at, confirm_asked_at,
        declined, erased_at, merged_into
    FROM contacts WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    """
)
THERE = text("SELECT id FROM contacts WHERE id = ANY(:ids)")
HAD = text("SELECT contact_id FROM messages WHERE run_id = :run AND contact_id = ANY(:ids)")
HAND_ON = text(
    """
    INSERT INTO campaign_recipients (run_id, contact_id, position, due_at)
    SELECT run_id, :living, position, due_at FROM campaign_recipients WHERE run_id = :run AND contact_id = :alias
    ON CONFLICT DO NOTHING
    """
)
TAKEN = text("DELETE FROM campaign_recipients WHERE run_id = :run AND contact_id = ANY(:ids)")
INSERT = text(
    """
    INSERT INTO messages (
        id, run_id, contact_id, sequence, step, lane, state, reason, sender, recipient, reply_to, subject, text, html,
        words, fields, headers, attachments, provider, attempts, refusals, due_at, first_called_at, calling_until,
        created_at
    )
    SELECT r.id, :run, r.contact, r.key, r.step, :lane, r.state, r.reason, '', r.recipient, '', r.subject, '', '',
        r.words, r.fields, '{}', '[]', r.provider, CASE r.state WHEN 'calling' THEN 1 ELSE 0 END, 0, :at,
        CASE r.state WHEN 'calling' THEN CAST(:at AS timestamptz) END,
        CASE r.state WHEN 'calling' THEN CAST(:leased AS timestamptz) END, :at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        id uuid, contact uuid, key text, step text, state text, reason text, recipient text, subject text, words text,
        fields jsonb, provider text
    )
    """
)
CALL_AGAIN = text(
    """
    UPDATE messages SET state = 'calling', reason = NULL, attempts = attempts + 1, calling_until = :leased,
        first_called_at = coalesce(first_called_at, :at), provider = :provider
    WHERE id = ANY(:ids)
    """
)
REFRAIN = text("UPDATE messages SET state = :state, reason = :reason, calling_until = NULL WHERE id = :id")
UNKNOWN = text("UPDATE messages SET state = 'unknown', reason = 'no_answer', calling_until = NULL WHERE id = ANY(:ids)")
