"""An import contract that the linter lacks: nothing but what is listed."""

from collections.abc import Iterable
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class AllowedImports(Contract):
    """Of what lies outside the project, the source package imports the listed names alone."""

    type_name = "allowed_imports"

    source = fields.StringField()
    allowed = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Lists every import of a name that is neither allowed nor the project's own."""
        source = str(self.source)
        own = source.partition(".")[0]
        # a field of the declaration holds the option's value once the contract is made
        allowed = {own, *map(str, cast("Iterable[object]", self.allowed))}
        found = sorted(
            f"{importer} imports {imported}"
            for importer in {source} | graph.find_descendants(source)
            for imported in graph.find_modules_directly_imported_by(importer)
            if imported.partition(".")[0] not in allowed
        )
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Prints one line for each import that is not allowed."""
        for line in check.metadata["found"]:
            output.print_error(f"- {line}, which is not on the list of what {self.source} may use")
