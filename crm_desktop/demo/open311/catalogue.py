"""The sandbox office's services and the questions that each asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """One attribute of a service definition; `values` are (key, name)."""

    code: str
    datatype: str
    description: str
    required: bool = False
    values: tuple[tuple[str, str], ...] = ()

    @property
    def many(self) -> bool:
        """Whether several answers may come, as `attribute[code][]`."""
        return self.datatype == "multivaluelist"


@dataclass(frozen=True, slots=True)
class SandboxService:
    """One entry of the services list; `kind` is realtime, batch or blackbox."""

    code: str
    name: str
    description: str
    group: str
    agency: str
    keywords: str
    kind: str = "realtime"
    questions: tuple[Question, ...] = ()


YES_NO = (("yes", "Yes"), ("no", "No"))

CATALOGUE: tuple[SandboxService, ...] = (
    SandboxService(
        "MISSED_BIN",
        "Missed bin collection",
        "A bin that was out in time and was not emptied",
        "Waste",
        "Waste and Recycling",
        "waste, recycling, bin",
        questions=(
            Question(
                "bin_type",
                "multivaluelist",
                "Which bins were missed?",
                required=True,
                values=(
                    ("refuse", "Refuse (black)"),
                    ("recycling", "Recycling (blue)"),
                    ("garden", "Garden waste (brown)"),
                    ("food", "Food caddy"),
                ),
            ),
            Question("missed_on", "datetime", "When should it have been collected?"),
            Question("assisted", "singlevaluelist", "Is it an assisted collection?", values=YES_NO),
        ),
    ),
    SandboxService(
        "FLY_TIPPING",
        "Fly-tipping",
        "Waste dumped on public land",
        "Waste",
        "Environmental Protection",
        "waste, dumping, rubbish",
        questions=(
            Question(
                "size",
                "singlevaluelist",
                "How much is there?",
                required=True,
                values=(("bag", "A bag or two"), ("van", "A van load"), ("lorry", "A lorry load")),
            ),
            Question("hazardous", "singlevaluelist", "Does it look hazardous?", values=YES_NO),
        ),
    ),
    SandboxService(
        "POTHOLE",
        "Pothole",
        "A hole in a road, cycleway or pavement",
        "Highways",
        "Highways",
        "road, hole, pavement",
        questions=(
            Question("depth_cm", "number", "Roughly how deep is it, in centimetres?"),
            Question(
                "where",
                "singlevaluelist",
                "Where is it?",
                required=True,
                values=(("road", "Carriageway"), ("cycle", "Cycleway"), ("footway", "Pavement")),
            ),
        ),
    ),
    SandboxService(
        "STREET_LIGHT",
        "Street light fault",
        "A street light that is out, flickering or lit by day",
        "Highways",
        "Street Lighting",
        "light, lamp, column",
        questions=(Question("column", "string", "Number on the column"),),
    ),
    SandboxService(
        "GRAFFITI",
        "Graffiti",
        "Graffiti on public property",
        "Street cleaning",
        "Street Scene",
        "paint, tag, vandalism",
    ),
    SandboxService(
        "NOISE",
        "Noise nuisance",
        "Noise that keeps coming back; read by an officer before it gets a number",
        "Environmental health",
        "Environmental Protection",
        "noise, music, alarm",
        kind="batch",
        questions=(
            Question("times", "text", "When does it happen, and for how long?", required=True),
        ),
    ),
)
