"""Masking on planted cases: recall, precision and place by kind. `python -m benchmarks.personal [--cases 300] [--seed 1]`.

Values are invented with valid check digits and written in the ways people write them, inside invented sentences; beside
them stand numbers that are nobody's (dates, amounts, public lines, laws, forms, years, room numbers). A case counts as found
when its characters are masked under its kind, as exact when the span is the planted one. Bare names are planted too: patterns
don't catch them, the table says so, and so does the page. Exit status 1 under 95 % of recall or precision, names apart.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable

from stdnum import iban, luhn
from stdnum.fr import nir

from data.personal import find

BEFORE = (
    "Bonjour, ",
    "Je vous écris encore : ",
    "Depuis mars, rien. ",
    "",
    "Voici ce qu'on m'a demandé, ",
    "Merci de noter ",
)
AFTER = (", sans réponse.", ". Merci d'avance.", " et toujours rien", "\nCordialement", " ; que dois-je faire ?")
FIRST = ("Camille", "Sacha", "Alix", "Maxime", "Dominique", "Claude")
LAST = ("Durand", "Le Goff", "Petit-Martin", "Benali", "Nguyen", "Da Silva", "Lefèvre")
STREETS = ("rue Victor Hugo", "avenue de la République", "boulevard Saint-Michel", "chemin des Vignes", "place de la Mairie",
           "impasse du Moulin", "allée des Tilleuls", "quai de la Loire")  # fmt: skip
CITIES = ("75011 Paris", "31000 Toulouse", "35400 Saint-Malo", "")


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))


def _grouped(text: str, sizes: tuple[int, ...], separator: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return separator.join(part for part in (*parts, text[at:]) if part)


def _nir(c: random.Random) -> tuple[str, str]:
    body = f"{c.choice('12')}{c.randint(30, 99)}{c.randint(1, 12):02}{c.randint(1, 95):02}{_digits(c, 6)}"
    whole = body + nir.calc_check_digits(body)
    return "mon numéro est ", c.choice(
        [whole, _grouped(whole, (1, 2, 2, 2, 3, 3), " "), _grouped(whole[:13], (1, 2, 2, 2, 3), " ")]
    )


def _iban(c: random.Random) -> tuple[str, str]:
    body = _digits(c, 21)
    body += f"{97 - int(body + '00') % 97:02}"
    whole = "FR" + iban.calc_check_digits("FR00" + body) + body
    return "virement sur ", c.choice([whole, _grouped(whole, (4,) * 6, " "), whole.lower()])


def _card(c: random.Random) -> tuple[str, str]:
    body = c.choice("45") + _digits(c, 14)
    whole = body + luhn.calc_check_digit(body)
    return "ma carte ", c.choice([whole, _grouped(whole, (4, 4, 4), " "), _grouped(whole, (4, 4, 4), "-")])


def _phone(c: random.Random) -> tuple[str, str]:
    pairs = [f"0{c.choice('1234567')}", *(f"{c.randint(0, 99):02}" for _ in range(4))]
    return "joignable au ", c.choice(
        ["".join(pairs), " ".join(pairs), ".".join(pairs), "-".join(pairs), "+33 " + " ".join([pairs[0][1], *pairs[1:]]),
         "+33(0)" + "".join([pairs[0][1], *pairs[1:]])]
    )  # fmt: skip


def _mail(c: random.Random) -> tuple[str, str]:
    who = f"{c.choice(FIRST)}{c.choice(['.', '_', ''])}{c.choice(['durand', 'petit', 'benali'])}{c.choice(['', '75'])}"
    return "écrire à ", f"{who.lower()}@{c.choice(['exemple.fr', 'mail.exemple.com', 'orange-exemple.fr'])}"


def _plate(c: random.Random) -> tuple[str, str]:
    a, b = ("".join(c.choice("ABCDEFGHJKLMNPRSTVWXYZ") for _ in range(2)) for _ in range(2))
    number = _digits(c, 3)
    new = c.choice([f"{a}-{number}-{b}", f"{a} {number} {b}", f"{a}{number}{b}"])
    return c.choice(
        [("mon véhicule ", new), ("véhicule immatriculé ", f"{c.randint(10, 9999)} {a} {c.choice(['75', '2A', '31'])}")]
    )


def _address(c: random.Random) -> tuple[str, str]:
    number = f"{c.randint(1, 240)}{c.choice(['', '', ' bis', ' ter'])}"
    city = c.choice(CITIES)
    return "j'habite au ", f"{number}{c.choice([' ', ', '])}{c.choice(STREETS)}" + (
        f"{c.choice([' ', ', '])}{city}" if city else ""
    )


def _file(c: random.Random) -> tuple[str, str]:
    value = c.choice([f"{c.randint(2019, 2025)}-{_digits(c, 6)}", _digits(c, 7), f"AB{_digits(c, 8)}"])
    return c.choice(["dossier n° ", "numéro d'allocataire : ", "référence "]).replace("numéro d'", ""), value


def _name(c: random.Random) -> tuple[str, str]:
    return c.choice(["Mme ", "M. ", "Monsieur ", "Madame "]), c.choice(LAST)


def _bare(c: random.Random) -> tuple[str, str]:
    return "signé ", f"{c.choice(FIRST)} {c.choice(LAST)}"


KINDS: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "nir": _nir, "iban": _iban, "card": _card, "phone": _phone, "mail": _mail, "plate": _plate, "address": _address,
    "file": _file, "name": _name, "bare name": _bare,
}  # fmt: skip


def nobody(c: random.Random) -> str:
    """A sentence whose numbers are nobody's."""
    day = f"{c.randint(1, 28):02}/{c.randint(1, 12):02}/{c.randint(2018, 2025)}"
    return c.choice(
        [
            f"Le {day} à {c.randint(8, 18)} h {c.choice(['15', '30', '45'])}, guichet {c.randint(1, 12)} fermé.",
            f"J'ai payé {c.randint(1, 9)} {c.randint(100, 999)},{c.randint(10, 99)} € le {day}.",
            f"Article L. {c.randint(100, 999)}-{c.randint(1, 30)} du code, loi n° {c.randint(1978, 2024)}-{c.randint(10, 999)}.",
            f"Formulaire Cerfa n° {c.randint(10, 15)}{c.randint(100, 999)}*{c.randint(1, 12):02} à remplir.",
            f"Appelé le 39 {c.randint(10, 99)} puis le 0 8{c.randint(0, 2)}{c.randint(0, 9)} {c.randint(100, 999)} {c.randint(100, 999)}.",
            f"Entre {c.randint(2015, 2018)} et {c.randint(2019, 2025)}, {c.randint(2, 400)} personnes sur {c.randint(500, 9000)}.",
            f"Ticket {c.randint(100000, 999999)} affiché, {c.randint(2, 90)} minutes d'attente dans la salle {c.randint(1, 300)}.",
            f"Madame la Préfète et M. le Maire ont reçu {c.randint(2, 60)} courriers en {c.randint(2, 12)} mois.",
        ]
    )


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    wrong = dict.fromkeys(KINDS, 0)
    print(f"{options.cases} planted cases a kind, seed {options.seed}")
    print(f"{'kind':12}{'found':>8}{'exact':>8}{'as another':>12}")
    low = False
    total_found = total = 0
    for kind, make in KINDS.items():
        found = exact = other = 0
        for _ in range(options.cases):
            lead, value = make(chance)
            head = chance.choice(BEFORE) + lead
            text = head + value + chance.choice(AFTER)
            place = range(len(head), len(head) + len(value))
            hits = [item for item in find(text) if item.start < place.stop and place.start < item.end]
            found += any(item.kind == kind for item in hits)
            exact += any((item.start, item.end) == (place.start, place.stop) for item in hits)
            other += bool(hits) and all(item.kind != kind for item in hits)
            for item in find(text):
                if item not in hits:
                    wrong[item.kind] = wrong.get(item.kind, 0) + 1
        print(f"{kind:12}{found / options.cases:>8.1%}{exact / options.cases:>8.1%}{other / options.cases:>12.1%}")
        masked = found + other
        if kind != "bare name":
            total_found, total = total_found + masked, total + options.cases
            low = low or masked < 0.95 * options.cases
    innocent = [nobody(chance) for _ in range(options.cases * len(KINDS))]
    started = time.perf_counter()
    false = [(item.kind, text) for text in innocent for item in find(text)]
    took = (time.perf_counter() - started) / len(innocent)
    false_total = len(false) + sum(wrong.values())
    precision = total_found / (total_found + false_total)
    print(f"recall {total_found / total:.1%} (names in full apart), precision {precision:.1%}:"
          f" {len(false)} of {len(innocent)} innocent sentences masked, {sum(wrong.values())} pieces beside the planted ones")  # fmt: skip
    for kind, text in false[:5]:
        print(f"    {kind}: {text}")
    print(f"{took * 1e6:.0f} µs a sentence")
    return 1 if low or precision < 0.95 else 0


if __name__ == "__main__":
    sys.exit(main())
