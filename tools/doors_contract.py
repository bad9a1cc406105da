"""Import contract "doors": an import between two rooms must target the other room's `public` package."""

from importlinter import Contract, ContractCheck, output
from importlinter.domain.contract import fields

ROOMS = "smartschool.contexts"


class DoorsContract(Contract):
    """`web`, `edges` and `cli` too enter rooms by their doors; a room's urls and apps are for composition."""

    outside = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph, verbose):  # type: ignore[no-untyped-def]
        wrong: list[tuple[str, str]] = []
        rooms = graph.find_children(ROOMS)
        outside = tuple(self.outside or ())
        for room in rooms:
            inside = {room, *graph.find_descendants(room)}
            allowed = (
                {f"{room}.public", *graph.find_descendants(f"{room}.public")} | {f"{room}.urls"}
                if f"{room}.public" in graph.modules
                else {f"{room}.urls"}
            )
            for module in inside - allowed:
                for importer in graph.find_modules_that_directly_import(module):
                    foreign_room = importer.startswith(ROOMS + ".") and importer not in inside
                    if (foreign_room or importer.startswith(outside)) and ".tests" not in importer:
                        wrong.append((importer, module))
        return ContractCheck(kept=not wrong, metadata={"wrong": sorted(wrong)})

    def render_broken_contract(self, check):  # type: ignore[no-untyped-def]
        for importer, module in check.metadata["wrong"]:
            output.print_error(f"{importer} reaches into {module}: call a door in .public instead")
