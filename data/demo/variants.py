"""Ordinary French variants of ordinary words: what makes two people who say the same thing not write the same words.

Owns the substitutions made when a sentence is compiled. The rule it protects: every variant keeps gender, number,
elision and construction, so any combination of them still reads as French.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

# word or phrase: its variants, drawn with equal chances (repeat one to make it more likely)
_TABLE = """
toujours: toujours| toujours| tjrs| encore et toujours
toujours pas: toujours pas| encore pas| tjrs pas| à ce jour pas| toujours pas
mais je: mais je| sauf que je| or je| seulement je| mais bon je| cela dit je
mais on: mais on| sauf que on| or on| seulement on| mais bien sûr on
mais il: mais il| sauf que il| or il| seulement il
mais le: mais le| sauf que le| or le| seulement le
mais la: mais la| sauf que la| or la| seulement la
mais aucun: mais aucun| sauf que aucun| or aucun| seulement aucun
mais rien: mais rien| sauf que rien| or rien| seulement rien| hélas rien
mais personne: mais personne| sauf que personne| or personne| seulement personne
car: car| parce que| vu que| puisque
parce que: parce que| vu que| puisque| étant donné que
alors que: alors que| tandis que| alors même que
très: très| extrêmement| vraiment très| particulièrement| fort
trop: trop| beaucoup trop| bien trop| décidément trop
vraiment: vraiment| réellement| véritablement| sincèrement| franchement
rien: rien| rien| absolument rien| strictement rien
aucune: aucune| aucune| absolument aucune| strictement aucune
aucun: aucun| aucun| absolument aucun| strictement aucun
maintenant: maintenant| désormais| à présent| dorénavant| actuellement
aujourd'hui: aujourd'hui| à ce jour| à l'heure actuelle| en ce moment
ensuite: ensuite| puis| après cela| par la suite
puis: puis| ensuite| et puis| après quoi
enfin: enfin| finalement| au bout du compte| en fin de compte
finalement: finalement| enfin| en définitive| au final| pour finir
pourtant: pourtant| cependant| toutefois| malgré tout| néanmoins
cependant: cependant| pourtant| toutefois| néanmoins
impossible de: impossible de| pas moyen de| pas possible de| hors de question de
afin de: afin de| pour| dans le but de| histoire de| en vue de
seulement: seulement| uniquement| juste| simplement
simplement: simplement| tout simplement| seulement| tout bonnement
uniquement: uniquement| seulement| exclusivement
également: également| aussi| de même| pareillement
souvent: souvent| fréquemment| régulièrement| bien souvent| assez souvent
immédiatement: immédiatement| aussitôt| tout de suite| sur-le-champ
rapidement: rapidement| vite| promptement| prestement
lorsque: lorsque| quand| au moment où
je ne comprends pas: je ne comprends pas| je ne saisis pas| j'ai du mal à comprendre| je comprends mal
je n'arrive pas à: je n'arrive pas à| je ne parviens pas à| j'échoue à| j'ai toutes les peines du monde à
je n'ai: je n'ai| je n'ai| moi je n'ai| je n'ai pour ma part
j'ai: j'ai| j'ai| j'ai| j'ai donc| moi j'ai| j'ai quant à moi
on m'a: on m'a| on m'a| ils m'ont| l'on m'a
on me: on me| on me| l'on me
on nous: on nous| l'on nous
je suis: je suis| je suis| je suis donc| moi je suis
cela: cela| ça| tout cela| ceci
ça: ça| cela| tout ça
mon dossier: mon dossier| mon cas| mon dossier
ma demande: ma demande| ma requête| ma démarche| ma sollicitation
le site: le site| le site internet| le portail| le site web
du site: du site| du portail| du site internet| du site web
un courrier: un courrier| un pli| un recommandé| un courrier papier
un mail: un mail| un courriel| un message| un e-mail| un mél
par mail: par mail| par courriel| par e-mail| par messagerie
par téléphone: par téléphone| au téléphone| au bout du fil| par tel
au téléphone: au téléphone| par téléphone| au bout du fil| au tel
par courrier: par courrier| par voie postale| par lettre| par la poste
rendez-vous: rendez-vous| rdv| RDV| rendez vous
problème: problème| souci| blocage| pb
erreur: erreur| anomalie
documents: documents| papiers| justificatifs| docs
euros: euros| €| eur
beaucoup de: beaucoup de| énormément de| quantité de| pas mal de
agent: agent| agent| employé
du coup: du coup| donc| par conséquent| résultat
donc: donc| du coup| par conséquent
presque: presque| quasiment| quasi| pratiquement
environ: environ| à peu près| grosso modo
comment: comment| de quelle manière| de quelle façon| par quel moyen
pourquoi: pourquoi| pour quelle raison| à quel titre| pour quel motif
surtout: surtout| avant tout| notamment| principalement
peut-être: peut-être| sans doute| probablement| éventuellement
sans doute: sans doute| probablement| sûrement| vraisemblablement
à chaque fois: à chaque fois| chaque fois| systématiquement| invariablement
chaque fois: chaque fois| à tous les coups| systématiquement
à nouveau: à nouveau| de nouveau| une nouvelle fois| encore une fois
de nouveau: de nouveau| à nouveau| une nouvelle fois| derechef
je voudrais: je voudrais| j'aimerais| je souhaite| je souhaiterais| je voudrais bien
j'aimerais: j'aimerais| je voudrais| je souhaite| j'aimerais bien
je souhaite: je souhaite| je voudrais| je désire| j'aimerais
deux: deux| 2
trois: trois| 3
quatre: quatre| 4
cinq: cinq| 5
six: six| 6
dix: dix| 10
douze: douze| 12
quinze: quinze| 15
vingt: vingt| 20
je ne: je ne| je ne| je
il ne: il ne| il ne| il
elle ne: elle ne| elle ne| elle
on ne: on ne| on ne| on
personne ne: personne ne| nul ne| personne| aucun agent ne
rien ne: rien ne| rien| absolument rien ne
ce n'est pas: ce n'est pas| c'est pas| ce n'est certainement pas
il n'y a: il n'y a| y a| il n'existe
tout le monde: tout le monde| chacun| n'importe qui
gratuitement: gratuitement| sans frais| sans débourser un sou
gentiment: gentiment| aimablement| avec douceur
parfaitement: parfaitement| pleinement| à la perfection| entièrement
clairement: clairement| sans détour| nettement| en termes simples
exactement: exactement| précisément| au juste
entièrement: entièrement| intégralement| totalement| complètement
complètement: complètement| totalement| entièrement| intégralement
totalement: totalement| complètement| entièrement
longtemps: longtemps| une éternité| bien longtemps
en ligne: en ligne| sur internet| par internet| via internet
"""

_ASIDES = (
    "franchement", "je précise", "croyez-moi", "il faut le dire", "bien entendu", "à mon avis", "soyons justes",
    "à vrai dire", "disons", "hélas", "comme par hasard", "si je puis dire", "entre nous", "je le répète",
    "apparemment", "à ma connaissance", "forcément", "naturellement", "sans mentir", "pour être clair",
    "tenez-vous bien", "paraît-il", "en toute bonne foi", "visiblement", "autant le dire", "étrangement",
    "semble-t-il", "pour tout dire", "chose étonnante", "si j'ai bien compris", "sauf erreur", "je crois",
    "à en croire mes proches", "honnêtement", "au passage", "pour l'anecdote", "quoi qu'on en dise",
)  # fmt: skip


def _table() -> dict[str, tuple[str, ...]]:
    found = {}
    for line in _TABLE.strip().splitlines():
        word, _, variants = line.partition(":")
        found[word] = tuple(v.strip() for v in variants.split("|"))
    return found


_PLAIN_COMMAS = 8 * len(_ASIDES)
_COMMA = (", ",) * _PLAIN_COMMAS + tuple(f", {aside}, " for aside in _ASIDES)
_FAITHFUL = 8  # chances of the right spelling for one of a wrong one

Pieces = list[str | tuple[str, ...]]


def speaker(noise: Mapping[str, Sequence[str]]) -> Callable[[str], Pieces]:
    """A function that cuts a text into plain pieces and tuples of variants; `noise` gives usual misspellings by word."""
    table = {word: (word,) * _FAITHFUL * len(wrong) + tuple(wrong) for word, wrong in noise.items()}
    table |= _table()
    words = re.compile(
        r"(?<![\w'’-])("
        + "|".join(re.escape(w) for w in sorted(table, key=len, reverse=True))
        + r")(?![\w'’-])|(, )(?=[a-zà-ÿ])",
        re.IGNORECASE,
    )

    def cut(text: str) -> Pieces:
        pieces: Pieces = []
        at = 0
        for match in words.finditer(text):
            variants = table.get(match[1].lower()) if match[1] else _COMMA
            if variants is None:
                continue
            if match.start() > at:
                pieces.append(text[at : match.start()])
            if match[1] and match[1][0].isupper():
                variants = tuple(v[0].upper() + v[1:] for v in variants)
            pieces.append(variants)
            at = match.end()
        if at < len(text):
            pieces.append(text[at:])
        return pieces

    return cut
