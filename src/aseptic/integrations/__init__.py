"""Frameworks that train models, and what is seen of a training while a run is active.

Each file in `frameworks/` is one integration, named like the package that it is about, which it
imports at its top: it is imported once its framework is. Adding one is adding a file with

    def start(run: ActiveRun) -> Watch: ...

where `Watch.stop()` takes out all that `start` put in. If it names modules of its framework that
may be imported later (`PARTS`), its watch has `refresh()`, which is called then. `switch.py` starts
those whose framework is imported, or is imported while the run is active. The other modules here
are parts of integrations.
"""
