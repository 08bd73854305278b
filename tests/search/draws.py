"""Random searches for what is served; what can be asked is read from `/metadata`."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from tests.http.serving import BASE
from tests.search.brute_force import Pairs, World
from tests.search.date_samples import search_value
from tests.search.elements import PARAMS, Resource, current, texts, tokens, values

Declared = dict[str, dict[str, list[str]]]  # type, parameter, modifiers
MOST_CHARACTERS = 128  # of a string that is asked for
RARE = ("contenttype", "description", "location", "title")
PREFIXES = ("", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


def declared(metadata: Resource) -> Declared:
    """What `/metadata` says can be asked."""
    return {
        resource["type"]: {
            each["name"]: [
                modifier
                for listed in re.findall("Modifiers: ([^.]*)", each["documentation"])
                for modifier in listed.split(", ")
            ]
            for each in resource["searchParam"]
        }
        for resource in metadata["rest"][0]["resource"]
        if resource["type"] in PARAMS
    }


def escaped(value: str) -> str:
    return re.sub(r"([\\,|$])", r"\\\1", value)


class Draws:
    """Random queries; most values are those of one resource, the others nearly so."""

    def __init__(self, world: World, can: Declared, dice: random.Random) -> None:
        self.world = world
        self.can = can
        self.dice = dice
        self.asked = [
            (type_, name, modifier)
            for type_, names in can.items()
            for name, modifiers in names.items()
            for modifier in ("", *modifiers) * (6 if name in RARE else 1)
        ]
        dice.shuffle(self.asked)
        self.by_link = {f"{of}/{each['id']}": each for of in can for each in world.resources[of]}
        self.back: dict[str, list[tuple[str, Resource, str]]] = {of: [] for of in can}
        for type_ in can:
            for each in world.resources[type_]:
                for name, to in self.links(type_, each):
                    self.back[to.partition("/")[0]].append((type_, each, name))

    def links(self, type_: str, of: Resource) -> list[tuple[str, str]]:
        """(parameter, `Type/id`) of each resource that a resource refers to and that is served."""
        return [
            (name, to)
            for name in self.can[type_]
            if PARAMS[type_][name].type == "reference"
            for _, each in values(of, PARAMS[type_][name])
            if (to := current(each.get("reference", ""))) in self.by_link
        ]

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def query(self, number: int) -> tuple[str, Pairs]:
        """Return a search; any parameter with any modifier comes first in one of them."""
        type_, name, modifier = self.asked[number % len(self.asked)]
        of = self.dice.choice(self.world.resources[type_])
        more = [self.pair(type_, of) for _ in range(self.dice.choice((0, 0, 0, 1, 1, 2)))]
        return type_, [self.plain(type_, of, name, modifier), *more]

    def pair(self, type_: str, of: Resource, depth: int = 0) -> tuple[str, str]:
        """Return a clause; chance decides whether the resource has anything to do with it."""
        joined = self.joined(type_, of, depth + 1) if depth < 2 and self.chance(0.25) else None
        if joined is not None and not joined[0].endswith(("._tag", ":_tag")):
            return joined
        name = self.dice.choice(sorted(self.can[type_]))
        modifier = self.dice.choice(("", *self.can[type_][name]))
        return self.plain(type_, of, name, modifier if self.chance(0.6) else "")

    def plain(self, type_: str, of: Resource, name: str, modifier: str) -> tuple[str, str]:
        if modifier == "missing":
            return f"{name}:missing", self.dice.choice(("true", "false"))
        if modifier in ("in", "not-in"):
            return f"{name}:{modifier}", self.value_set(type_, name, of)
        some = self.dice.choice((1, 1, 1, 2, 3))
        drawn = [self.value(type_, name, modifier, of) for _ in range(some)]
        if modifier == "identifier" and self.chance(0.3):
            to = [f":{each}" for each in self.can[type_][name] if each[0].isupper()]
            if len(to) == 1:  # of several types the chain goes through the served one
                name, modifier = f"{name}{self.dice.choice([*to, ''])}.identifier", ""
        return f"{name}:{modifier}".rstrip(":"), ",".join(drawn)

    def joined(self, type_: str, of: Resource, depth: int) -> tuple[str, str] | None:
        """Return a chain to a resource that this one refers to, or back from one that refers."""
        if self.back[type_] and self.chance(0.5):
            source, of, name = self.dice.choice(self.back[type_])
            inner, value = self.pair(source, of, depth)
            return f"_has:{source}:{name}:{inner}", value
        links = self.links(type_, of)
        if not links:
            return None
        name, link = self.dice.choice(links)
        to = link.partition("/")[0]
        inner, value = self.pair(to, self.by_link[link], depth)
        is_only = [each for each in self.can[type_][name] if each in self.can] == [to]
        return f"{name}{'' if is_only and self.chance(0.5) else ':' + to}.{inner}", value

    def held(self, type_: str, name: str, of: Resource) -> tuple[str, Any]:
        """Return (path, element) of the resource, or of another; the element may be None."""
        param = PARAMS[type_][name]
        anyone = self.dice.choices(self.world.resources[type_], k=12)
        some = anyone if self.chance(0.3) else [of, *anyone]
        found = next(filter(None, (values(each, param) for each in some)), [("", None)])
        return self.dice.choice(found)

    def value(self, type_: str, name: str, modifier: str, of: Resource) -> str:
        draw: Callable[[str, str, Any, str], str] = getattr(self, PARAMS[type_][name].type)
        return draw(type_, *self.held(type_, name, of), modifier)

    def value_set(self, type_: str, name: str, of: Resource) -> str:
        path, element = self.held(type_, name, of)
        held = tokens(type_, path, element or {})
        urls = sorted(self.world.value_sets)
        fitting = [url for url in urls if not self.world.value_sets[url].isdisjoint(held)]
        return self.dice.choice([*fitting * len(urls), *urls])

    def near(self, text: str) -> str:
        """Return a text nearly the same."""
        shorter = (text[1:], text[:-1])
        longer = (f"{text}x", f"{text} ", text.replace("a", "\u00e2").replace("e", "E\u0301"))
        return self.dice.choice((text.swapcase(), text.upper(), *shorter, *longer)) or "x"

    def maybe_near(self, text: str, share: float = 0.15) -> str:
        return escaped(self.near(text) if self.chance(share) else text)

    def token(self, type_: str, path: str, element: Any, modifier: str) -> str:
        if modifier == "text":
            text = self.dice.choice(texts(element or {}) or ["x"])
            return self.string(type_, path, text, "")
        if modifier == "below":
            return self.dice.choice([*str(element or "x").split("/"), "image", "text"])
        if modifier == "of-type":
            element = element or {}
            kind = {"coding": [{"system": "http://x.org", "code": "x"}], **element.get("type", {})}
            system, code = self.dice.choice(tokens(type_, path, kind))
            parts = (system or "http://x.org", code or "x", element.get("value", "x"))
            return "|".join(self.maybe_near(each, 0.1) for each in parts)
        held = tokens(type_, path, element) if element else []
        system, code = self.dice.choice(held) if held else (None, None)
        code = self.maybe_near(code or "x")
        form = self.dice.choice(("code",) * 4 + ("both",) * 4 + ("system", "other", "none"))
        if form == "code" or (system is None and isinstance(element, str)):
            return code
        if form == "none" or system is None:
            return f"|{code}"
        if form == "system":
            return f"{self.maybe_near(system)}|"
        return f"{'http://example.org/x' if form == 'other' else self.maybe_near(system)}|{code}"

    def reference(self, type_: str, path: str, element: Any, modifier: str) -> str:
        element = element or {"reference": "Patient/x"}
        if modifier == "identifier":
            return self.token(type_, "", element.get("identifier"), "")
        spelled = element.get("reference", "Patient/x")
        to, _, key = current(spelled).partition("/")
        key = self.maybe_near(key)
        if modifier:
            return key
        if "/_history/" in spelled and self.chance(0.3):
            return self.dice.choice((spelled, f"{spelled}0"))
        urls = (f"{BASE}/{to}/{key}", f"Location/{key}", f"https://elsewhere.org/{to}/{key}")
        return self.dice.choice((key, key, f"{to}/{key}", f"{to}/{key}", *urls))

    def composite(self, type_: str, path: str, element: Any, modifier: str) -> str:
        of = self.dice.choice(self.world.resources[type_])
        return "$".join(self.value(type_, each, "", of) for each in ("code", "value-concept"))

    def string(self, type_: str, path: str, element: Any, modifier: str) -> str:
        text = (element or "x")[:MOST_CHARACTERS]
        if modifier == "contains" and self.chance(0.8):
            start = self.dice.randrange(len(text))
            text = text[start : start + self.dice.randint(1, 12)]
        elif modifier != "exact" or self.chance(0.3):
            text = text[: self.dice.randint(1, 12)]
        return self.maybe_near(text.strip(), 0.4 if len(text) < MOST_CHARACTERS else 0) or "x"

    def uri(self, type_: str, path: str, element: Any, modifier: str) -> str:
        text = element or "gs://x/y"
        if modifier == "below":
            text = text[: self.dice.randint(1, len(text))]
        elif modifier == "above":
            text += self.dice.choice(("", "/x", "x", "?y"))
        return self.maybe_near(text)

    def date(self, type_: str, path: str, element: Any, modifier: str) -> str:
        prefix = self.dice.choice(PREFIXES)
        if isinstance(element, dict):
            element = self.dice.choice([*element.values()])
        if not isinstance(element, str) or self.chance(0.3):
            return prefix + search_value(self.dice)
        return prefix + element[: self.dice.choice((4, 7, 10, 10, 10, len(element), len(element)))]
