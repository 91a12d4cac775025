"""One commit, and what became of it where the answer to it was lost."""

from dataclasses import replace

from bridge.notary.outcomes import Fenced, IoFailed
from bridge.notary.store.port import Lost, Note
from bridge.notary.writer import Judged, Writer


def commit(judge: Writer, judged: Judged, notes: tuple[Note, ...] = ()) -> None:
    """Batch and notes are durable; the writer's store may be another connection to the ledger.

    Errors: Fenced, Full, IoFailed: nothing of the batch is there.
    """
    if judged.batch is None:
        _keep(judge, notes)
        return
    batch = replace(judged.batch, notes=notes)
    try:
        judge.store.append(batch, judge.head)
    except Lost as lost:
        # nobody said whether it is there: the head and our first entry do
        judge.store = judge.store.reopen()
        judge.view.reset(judge.store)
        head = judge.store.head()
        there = judge.store.entries(batch.first, batch.first + len(batch.entries))
        if (head.term, head.seq) != (batch.head.term, batch.head.seq) or there != [
            raw for raw, _ in batch.entries
        ]:
            if head.term != judge.head.term:
                raise Fenced(f"the writer is {head.writer} in term {head.term}") from lost
            raise IoFailed(f"the commit at {batch.first} is not there: {lost}") from lost


def _keep(judge: Writer, notes: tuple[Note, ...]) -> None:
    for size, note in notes:
        try:
            judge.store.put_note(size, note, judge.head)
        except Lost as lost:
            raise IoFailed(f"nobody knows whether the note is kept: {lost}") from lost
