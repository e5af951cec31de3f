"""Ordinary French variants of ordinary words: what makes two people who say the same thing not write the same words.

Owns the substitutions made when a sentence is compiled. The rule it protects: every variant keeps gender, number,
elision and construction, so any combination of them still reads as French.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

# word or phrase: its variants, drawn with equal chances (repeat one to make it more likely)
_TABLE = """
mais: mais| mais| mais| mais| sauf que
envoyé: envoyé| transmis
merci de: merci de| veuillez| prière de
aucune réponse: aucune réponse| pas de réponse| aucun retour
sans réponse: sans réponse| sans suite| sans retour
plusieurs fois: plusieurs fois| à plusieurs reprises| maintes fois| bien des fois
m'a dit: m'a dit| m'a répondu| m'a expliqué| m'a indiqué| m'a affirmé
m'a répondu: m'a répondu| m'a dit| m'a expliqué| m'a indiqué
m'a expliqué: m'a expliqué| m'a dit| m'a indiqué| m'a précisé
m'a assuré: m'a assuré| m'a certifié| m'a garanti
on me dit: on me dit| on m'explique| on m'assure| on m'annonce
je demande: je demande| je réclame
à ce jour: à ce jour| aujourd'hui| pour l'instant| pour le moment
en attendant: en attendant| pendant ce temps| d'ici là| entre-temps
tout de suite: tout de suite| immédiatement| aussitôt
le lendemain: le lendemain| le jour suivant
un conseiller: un conseiller| un agent| quelqu'un
erreur: erreur| anomalie
explication: explication| justification
versement: versement| paiement
j'ai dû: j'ai dû| il m'a fallu
concernant: concernant| pour
demandé: demandé| demandé| réclamé
reste: reste| reste| demeure
trop long: trop long| bien trop long| vraiment long
totalement: totalement| complètement| entièrement
parce que: parce que| vu que| puisque| étant donné que
très: très| très| très| vraiment très
vraiment: vraiment| réellement| véritablement
ensuite: ensuite| puis| par la suite
pourtant: pourtant| cependant| toutefois| malgré tout| néanmoins
cependant: cependant| pourtant| toutefois| néanmoins
également: également| aussi
souvent: souvent| fréquemment| régulièrement| bien souvent| assez souvent
immédiatement: immédiatement| aussitôt| tout de suite| sur-le-champ
rapidement: rapidement| vite| rapidement
lorsque: lorsque| quand| au moment où
je ne comprends pas: je ne comprends pas| je ne saisis pas| j'ai du mal à comprendre| je comprends mal
je n'arrive pas à: je n'arrive pas à| je ne parviens pas à| j'échoue à| j'ai toutes les peines du monde à
on m'a: on m'a| on m'a| ils m'ont
cela: cela| ça
ça: ça| cela
ma demande: ma demande| ma requête| ma démarche| ma sollicitation
le site: le site| le site| le portail
du site: du site| du portail
un mail: un mail| un courriel| un e-mail
par mail: par mail| par courriel| par e-mail| par messagerie
par téléphone: par téléphone| au téléphone
au téléphone: au téléphone| par téléphone| au bout du fil| au téléphone
par courrier: par courrier| par voie postale| par lettre| par la poste
rendez-vous: rendez-vous| rendez-vous| rendez-vous| rdv| RDV| rendez vous
problème: problème| souci| blocage
documents: documents| papiers| justificatifs
euros: euros| euros| €
beaucoup de: beaucoup de| énormément de| quantité de| pas mal de
environ: environ| à peu près| grosso modo
à chaque fois: à chaque fois| chaque fois| systématiquement| invariablement
à nouveau: à nouveau| de nouveau| une nouvelle fois| encore une fois
de nouveau: de nouveau| à nouveau| une nouvelle fois
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
gentiment: gentiment| aimablement| avec douceur
longtemps: longtemps| bien longtemps
en ligne: en ligne| en ligne| sur internet
au bout de: au bout de| après| au terme de| à l'issue de
à cause de: à cause de| en raison de| du fait de
pendant que: pendant que| tandis que| alors que
pendant: pendant| pendant| durant
pour obtenir: pour obtenir| afin de obtenir| dans le but de obtenir| histoire de obtenir| en vue de obtenir
pour avoir: pour avoir| afin de avoir| dans le but de avoir| histoire de avoir
pour faire: pour faire| afin de faire| dans le but de faire| histoire de faire
pour savoir: pour savoir| afin de savoir| histoire de savoir
pour payer: pour payer| afin de payer| histoire de payer
pour envoyer: pour envoyer| afin de envoyer| histoire de envoyer
pour comprendre: pour comprendre| afin de comprendre| histoire de comprendre
pour joindre: pour joindre| afin de joindre| histoire de joindre
pour déposer: pour déposer| afin de déposer| dans le but de déposer
ne répond pas: ne répond pas| ne répond jamais
ne marche pas: ne marche pas| ne fonctionne pas| marche pas| est en panne
ne fonctionne pas: ne fonctionne pas| ne marche pas| est en panne
qu'on: qu'on| que l'on
si on: si on| si l'on
où on: où on| où l'on
une heure: une heure| 1 heure| une bonne heure| 1h
une semaine: une semaine| 1 semaine| une bonne semaine
un mois: un mois| 1 mois| un bon mois
chaque jour: chaque jour| tous les jours| jour après jour
chaque mois: chaque mois| tous les mois| mois après mois
chaque semaine: chaque semaine| toutes les semaines
il faut: il faut| il faut| il faudrait
ma femme: ma femme| mon épouse
mon mari: mon mari| mon époux
réclame: réclame| exige| demande
mais je: mais je| mais je| sauf que je| or je
je ne: je ne| je ne| je ne| je ne| je
on ne: on ne| on ne| on ne| on
surtout: surtout| surtout| notamment
peut-être: peut-être| sans doute
enfin: enfin| finalement
donc: donc| du coup| par conséquent
minutes: minutes| minutes| min
"""


def _table() -> dict[str, tuple[str, ...]]:
    found = {}
    for line in _TABLE.strip().splitlines():
        word, _, variants = line.partition(":")
        found[word] = tuple(v.strip() for v in variants.split("|"))
    return found


_FAITHFUL = 22  # chances of the right spelling for one of a wrong one

_APOSTROPHES, _VOWELS = ("'", "’"), "aeéèêiouyh"
_WORD = re.compile(r"[\w'’-]+|\+")
_INSIDE = re.compile(r"[\w'’-]")

Pieces = list[str | tuple[str, ...]]


def speaker(noise: Mapping[str, Sequence[str]]) -> Callable[[str], Pieces]:
    """A function that cuts a text into plain pieces and tuples of variants; `noise` gives misspellings by word."""
    table = {word: (word,) * _FAITHFUL * len(wrong) + tuple(wrong) for word, wrong in noise.items()}
    table |= _table()
    phrases: dict[str, list[str]] = {}
    for phrase in sorted(table, key=len, reverse=True):
        phrases.setdefault(_WORD.match(phrase)[0], []).append(phrase)  # type: ignore[index]

    def cut(text: str) -> Pieces:
        lower = text.lower()
        pieces: Pieces = []
        done = 0
        for match in _WORD.finditer(lower):
            at = match.start()
            if at < done:
                continue
            for phrase in phrases.get(match[0], ()):
                end = at + len(phrase)
                if lower.startswith(phrase, at) and (end == len(lower) or not _INSIDE.match(lower, end)):
                    break
            else:
                continue
            variants = table[phrase]
            if text[at - 1 : at] in _APOSTROPHES and any(v[0] not in _VOWELS for v in variants):
                continue  # l'explication does not make l'justification
            if text[at].isupper():
                variants = tuple(v[0].upper() + v[1:] for v in variants)
            if at > done:
                pieces.append(text[done:at])
            pieces.append(variants)
            done = end
        if done < len(text):
            pieces.append(text[done:])
        return pieces

    return cut
