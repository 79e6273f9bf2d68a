"""Models made of runs: their versions, aliases, stages, and the gates before a stage."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.api.stores import Stores
from runfolio.errors import GateNotMet, NotFound, UsageError
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.model.promotion import Gate, GateResult, LedgerEntry, ModelVersion
    from runfolio.model.registered import RegisteredVersion
    from runfolio.model.run_detail import RunDetail
    from runfolio.model.stage import Stage


class Promoting:
    """Decisions about model versions, kept in the ledger."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def models(self) -> tuple[ModelVersion, ...]:
        """All versions of all models, by name, newest first."""
        return tuple(sorted(self._stores.state.versions.values(), key=lambda v: (v.model, -v.version)))

    def registered(self, runs: Sequence[RunKey] | None = None) -> tuple[RegisteredVersion, ...]:
        """Versions in the model registries of trackers, by name, newest first; of some runs, or of all."""
        from runfolio.index.registered import registered_versions

        return registered_versions(self._stores.db, runs)

    def register(self, model: str, run: RunKey, *, reason: str = "") -> ModelVersion:
        """Make a new version of `model` from a run, at no stage yet. Raises UsageError when there is one already."""
        from runfolio.model.stage import Stage

        return self._decide(run, model, Stage.NONE, (), forced=False, reason=reason)

    def set_alias(self, model: str, alias: str, version: int | None, *, reason: str = "") -> LedgerEntry:
        """Point a free alias such as `champion` at a version; None takes it away."""
        from runfolio.ledger import actions

        return self._stores.commit(
            lambda state, now: actions.alias(
                state, model, alias, version, time_us=now, actor=self._stores.actor, reason=reason
            )
        )

    def promote(
        self,
        run: RunKey,
        stage: Stage,
        *,
        reason: str,
        model: str | None = None,
        gates: Sequence[Gate] = (),
        force: bool = False,
    ) -> tuple[ModelVersion, tuple[GateResult, ...]]:
        """Move a version of `model` made from `run` (registered now if there is none) to `stage`.

        model   its experiment's name when None. A version in production of the same model moves to archived.
        Raises  GateNotMet when a gate fails or waits for sign-off, unless `force`; UsageError without a reason. The
                gates are kept in the ledger with the decision as they were.
        """
        from runfolio.model.promotion import Outcome

        if not reason.strip():
            raise UsageError("A promotion needs a reason", hint="Say why; it is kept in the audit trail.")
        name = model or self._run(run).experiment or "model"
        results = self.check_gates(run, stage, gates, name)
        short = [r for r in results if r.outcome is not Outcome.PASS]
        if short and not force:
            raise GateNotMet(
                f"{len(short)} of {len(results)} gates not met: "
                + "; ".join(f"{r.gate} ({r.outcome.value}: {r.observed}, wanted {r.wanted})" for r in short),
                hint="Mend what fails, or promote against the gates with --force; the audit trail will say so.",
            )
        return self._decide(run, name, stage, results, forced=bool(short), reason=reason), results

    def sign_off(self, run: RunKey, stage: Stage, *, reason: str, model: str | None = None) -> LedgerEntry:
        """Approve that a run may go to `stage`; it counts when somebody else promotes it. Raises UsageError.

        model   its experiment's name when None, as in `promote`.
        """
        from runfolio.ledger import actions

        if not reason.strip():
            raise UsageError("A sign-off needs a reason", hint="Say what you looked at; it is kept in the audit trail.")
        name = model or self._run(run).experiment or "model"
        (witness,) = self._stores.witnesses([run])
        return self._stores.commit(
            lambda state, now: actions.sign_off(
                state, witness, name, stage, time_us=now, actor=self._stores.actor, reason=reason
            )
        )

    def check_gates(self, run: RunKey, stage: Stage, gates: Sequence[Gate], model: str = "") -> tuple[GateResult, ...]:
        """What each gate that guards `stage` says of a run, compared with the model's version in production."""
        if not gates:
            return ()
        from runfolio.analysis.gates import evaluate
        from runfolio.model.stage import Stage

        champions = self._stores.state.in_stage(model, Stage.PRODUCTION)
        champion: RunDetail | None = None
        if champions and champions[0].run != run:
            with contextlib.suppress(NotFound):
                champion = self._run(champions[0].run)
        # Who promotes cannot be the second person.
        signers = self._stores.state.approvals.get((run, model, stage), set()) - {self._stores.actor}
        return evaluate(gates, self._run(run), stage, champion, signers)

    def load_gates(self, path: Path | None = None) -> tuple[Gate, ...]:
        """Gates from a YAML file; the one beside the ledger (`gates.yaml`) when None, () when there is none.

        Raises NotFound when a named file is not there, UsageError with the line when it makes no sense.
        """
        from runfolio.analysis.gates import load_gates

        file = path or self._stores.ledger.path.with_name("gates.yaml")
        try:
            data = file.read_bytes()
        except FileNotFoundError as error:
            if path is None:
                return ()
            raise NotFound(f"There is no gates file {path}", where=str(path)) from error
        except OSError as error:
            raise NotFound(f"The gates file cannot be read: {error.strerror}", where=str(file)) from error
        return load_gates(data, str(file))

    def _decide(
        self, run: RunKey, model: str, stage: Stage, gates: tuple[GateResult, ...], *, forced: bool, reason: str
    ) -> ModelVersion:
        from runfolio.ledger import actions

        (witness,) = self._stores.witnesses([run])
        self._stores.commit(
            lambda state, now: actions.promote(
                state,
                witness,
                model,
                stage,
                gates,
                forced=forced,
                time_us=now,
                actor=self._stores.actor,
                reason=reason,
            )
        )
        return max((v for v in self._stores.state.versions.values() if v.model == model and v.run == run), key=_number)

    def _run(self, key: RunKey) -> RunDetail:
        return self._stores.runs([key])[0]


def _number(version: ModelVersion) -> int:
    return version.version
