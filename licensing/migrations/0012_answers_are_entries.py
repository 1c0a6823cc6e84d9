"""Answers that were given stand in their questions' threads. The way back keeps what ended each."""

from django.db import migrations

MOVE = """
INSERT INTO licensing_questionentry (question_id, kind, by_id, at, text)
    SELECT id, 'answer', answered_by_id, answered_at, answer FROM licensing_question
    WHERE answered_at IS NOT NULL ORDER BY id;
"""
BACK = """
UPDATE licensing_question q SET answer = e.text, answered_by_id = e.by_id, answered_at = e.at
    FROM licensing_questionentry e WHERE e.question_id = q.id AND e.kind IN ('answer', 'close');
"""


class Migration(migrations.Migration):
    dependencies = [("licensing", "0011_thread_of_a_question")]

    operations = [migrations.RunSQL(MOVE, BACK)]
