"""Ordinary French variants of ordinary words: what makes two people who say the same thing not write the same words.

Owns the substitutions made when a sentence is compiled. The rule it protects: every variant keeps gender, number,
elision and construction, so any combination of them still reads as French.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

# word or phrase: its variants, drawn with equal chances (repeat one to make it more likely)
_TABLE = """
toujours: toujours| toujours| toujours| toujours| toujours| toujours| tjrs
toujours pas: toujours pas| toujours pas| toujours pas| toujours pas| tjrs pas
mais je: mais je| sauf que je| or je| seulement je| mais bon je| cela dit je
mais on: mais on| sauf que on| or on| seulement on| mais bien sûr on
mais il: mais il| sauf que il| or il| seulement il
mais le: mais le| sauf que le| or le| seulement le
mais la: mais la| sauf que la| or la| seulement la
mais aucun: mais aucun| sauf que aucun| or aucun| seulement aucun
mais rien: mais rien| sauf que rien| seulement rien| hélas rien
mais personne: mais personne| sauf que personne| or personne| seulement personne
car: car| parce que| vu que| puisque
parce que: parce que| vu que| puisque| étant donné que
alors que: alors que| tandis que| alors même que
très: très| très| très| extrêmement| particulièrement
trop: trop| beaucoup trop| bien trop
vraiment: vraiment| réellement| véritablement
maintenant: maintenant| désormais| à présent| actuellement
aujourd'hui: aujourd'hui| à ce jour| à l'heure actuelle| en ce moment
ensuite: ensuite| puis| après cela| par la suite
puis: puis| ensuite| et puis| après quoi
enfin: enfin| finalement| au bout du compte| en fin de compte
finalement: finalement| enfin| en définitive| au final| pour finir
pourtant: pourtant| cependant| toutefois| malgré tout| néanmoins
cependant: cependant| pourtant| toutefois| néanmoins
impossible de: impossible de| pas moyen de| pas possible de
afin de: afin de| pour| dans le but de| histoire de| en vue de
seulement: seulement| uniquement| juste| simplement
simplement: simplement| tout simplement| seulement| tout bonnement
uniquement: uniquement| seulement| exclusivement
également: également| aussi
souvent: souvent| fréquemment| régulièrement| bien souvent| assez souvent
immédiatement: immédiatement| aussitôt| tout de suite| sur-le-champ
rapidement: rapidement| vite| rapidement
lorsque: lorsque| quand| au moment où
je ne comprends pas: je ne comprends pas| je ne saisis pas| j'ai du mal à comprendre| je comprends mal
je n'arrive pas à: je n'arrive pas à| je ne parviens pas à| j'échoue à| j'ai toutes les peines du monde à
j'ai: j'ai| j'ai| j'ai| j'ai| moi j'ai
on m'a: on m'a| on m'a| ils m'ont| l'on m'a
on me: on me| on me| l'on me
on nous: on nous| l'on nous
cela: cela| ça
ça: ça| cela
ma demande: ma demande| ma requête| ma démarche| ma sollicitation
le site: le site| le site internet| le portail| le site web
du site: du site| du portail| du site internet| du site web
un courrier: un courrier| un pli| un recommandé| un courrier papier
un mail: un mail| un courriel| un message| un e-mail| un mél
par mail: par mail| par courriel| par e-mail| par messagerie
par téléphone: par téléphone| au téléphone| par téléphone| au téléphone| par tel
au téléphone: au téléphone| par téléphone| au bout du fil| au téléphone| au tel
par courrier: par courrier| par voie postale| par lettre| par la poste
rendez-vous: rendez-vous| rendez-vous| rendez-vous| rdv| RDV| rendez vous
problème: problème| souci| blocage| problème| souci| blocage| pb
erreur: erreur| anomalie
documents: documents| papiers| justificatifs| documents| papiers| justificatifs| docs
euros: euros| euros| €
beaucoup de: beaucoup de| énormément de| quantité de| pas mal de
agent: agent| agent| employé
du coup: du coup| donc| par conséquent
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
je ne: je ne| je ne| je
il ne: il ne| il ne| il
elle ne: elle ne| elle ne| elle
on ne: on ne| on ne| on
personne ne: personne ne| nul ne| personne| aucun agent ne
il n'y a: il n'y a| y a| il n'existe
gratuitement: gratuitement| sans frais| sans débourser un sou
gentiment: gentiment| aimablement| avec douceur
longtemps: longtemps| une éternité| bien longtemps
en ligne: en ligne| sur internet| par internet| via internet
et: et| et| et| et| et| et| et| et| et| &
ou: ou| ou| ou| ou| ou bien
pour: pour| pour| pour| pour| pour| pour| pour| pour| pour| pr
dans: dans| dans| dans| dans| dans| dans| dans| dans| dans| ds
avec: avec| avec| avec| avec| avec| avec| avec| avec| avec| avc
que: que| que| que| que| que| que| que| que| que| que| que| que| que| que| que| que| q
pas: pas| pas| pas| pas| pas| pas| pas| pas| pas| pas| pas| pa
quand: quand| quand| lorsque| quand| lorsque| quand| lorsque| qd
quand même: quand même| tout de même| malgré tout
depuis quand: depuis quand
jusqu'à quand: jusqu'à quand
doit: doit| doit| devrait
doivent: doivent| doivent| devraient
peut: peut| peut| pourrait
peuvent: peuvent| peuvent| pourraient
dois: dois| dois| devrais
peux: peux
il y a: il y a| il y a| y a
y a: y a
y a-t-il: y a-t-il
au bout de: au bout de| après| au terme de| à l'issue de
à cause de: à cause de| en raison de| du fait de
en plus: en plus| en sus| de surcroît| par-dessus le marché
en vain: en vain| sans succès| inutilement| pour rien
par contre: par contre| en revanche
d'ailleurs: d'ailleurs| du reste| au demeurant| soit dit en passant
pendant que: pendant que| tandis que| alors que
pendant: pendant| pendant| durant
selon: selon| d'après| à en croire
à peine: à peine| tout juste
vous: vous| vous| vous| vous| vous| vous| vous| vous| vous| vous| vous| vs
nous: nous| nous| nous| nous| nous| nous| nous| nous| nous| nous| nous| ns
plus de: plus de| plus de| + de
tout: tout| tout| tout| tout| tout| tout| tout| tout| tout| tt
tous: tous| tous| tous| tous| tous| tous| tous| tous| tous| ts
pour obtenir: pour obtenir| afin de obtenir| dans le but de obtenir| histoire de obtenir| en vue de obtenir
pour avoir: pour avoir| afin de avoir| dans le but de avoir| histoire de avoir
pour faire: pour faire| afin de faire| dans le but de faire| histoire de faire
pour savoir: pour savoir| afin de savoir| histoire de savoir
pour payer: pour payer| afin de payer| histoire de payer
pour envoyer: pour envoyer| afin de envoyer| histoire de envoyer
pour comprendre: pour comprendre| afin de comprendre| histoire de comprendre
pour joindre: pour joindre| afin de joindre| histoire de joindre
pour déposer: pour déposer| afin de déposer| dans le but de déposer
ne répond pas: ne répond pas| ne répond jamais| ne daigne pas répondre| fait la sourde oreille
ne marche pas: ne marche pas| ne fonctionne pas| marche pas| est en panne
ne fonctionne pas: ne fonctionne pas| ne marche pas| est en panne
n'a pas: n'a pas| n'a pas| n'a toujours pas| n'a même pas| a pas
n'ai pas: n'ai pas| n'ai pas| n'ai toujours pas| ai pas
n'ont pas: n'ont pas| n'ont toujours pas| ont pas
ne sont pas: ne sont pas| ne sont pas| sont pas
ne peut pas: ne peut pas| ne peut pas| ne pourra pas| peut pas
ne peux pas: ne peux pas| ne peux plus| peux pas
ne sait pas: ne sait pas| ne sait même pas| sait pas
ne sais pas: ne sais pas| ne sais plus| sais pas
n'est: n'est| n'est| est
n'a: n'a| n'a| a
qui ne: qui ne| qui ne| qui
et ne: et ne| et ne| et
qu'on: qu'on| que l'on| que on
si on: si on| si l'on
où on: où on| où l'on
une heure: une heure| 1 heure| une bonne heure| 1h
une semaine: une semaine| 1 semaine| une bonne semaine
un mois: un mois| 1 mois| un bon mois
chaque jour: chaque jour| tous les jours| jour après jour
chaque mois: chaque mois| tous les mois| mois après mois
chaque semaine: chaque semaine| toutes les semaines
il faut: il faut| il faut| faut| il faudrait
ma femme: ma femme| mon épouse
mon mari: mon mari| mon époux
mes enfants: mes enfants| mes gosses| mes petits
de l'argent: de l'argent| des sous
minutes: minutes| minutes| min| mn
heures: heures| heures| heures| h
peut-on: peut-on| est-il possible de| est-ce qu'on peut| a-t-on le droit de
exige: exige| réclame| demande
réclame: réclame| exige| demande
voiture: voiture| voiture| bagnole
facture: facture| facture| note
courrier: courrier| courrier| pli
mairie: mairie| mairie| municipalité
guichet: guichet| guichet| comptoir
formulaire: formulaire| formulaire| questionnaire
bravo: bravo| chapeau| félicitations
numéro: numéro| numéro| n°
fut: fut| a été| a été
"""


def _table() -> dict[str, tuple[str, ...]]:
    found = {}
    for line in _TABLE.strip().splitlines():
        word, _, variants = line.partition(":")
        found[word] = tuple(v.strip() for v in variants.split("|"))
    return found


_FAITHFUL = 22  # chances of the right spelling for one of a wrong one

# A sentence that starts so needs what comes after its comma.
_LEANING = frozenset(
    (
        "à", "a", "au", "aux", "après", "alors", "avant", "avec", "bien", "chez", "comme", "dans", "de", "depuis", "dès",
        "devant", "durant", "en", "entre", "faute", "face", "grâce", "hormis", "jusqu", "lors", "lorsque", "malgré",
        "même", "ni", "par", "parce", "pendant", "plutôt", "pour", "puisque", "quand", "quant", "quelle", "quel",
        "sans", "sauf", "selon", "si", "suite", "sur", "tandis", "vers", "vu", "quoi", "où", "qui", "que", "pourquoi",
        "comment", "résultat", "bref",
    )
)  # fmt: skip

_WORD = re.compile(r"[\w'’-]+|\+")
_INSIDE = re.compile(r"[\w'’-]")

Pieces = list[str | tuple[str, ...]]


def head(sentence: str) -> str:
    """What is left of a sentence without its last clause, '' when it does not stand without it."""
    depth, comma = 0, -1
    for at, letter in enumerate(sentence):
        depth += (letter == "{") - (letter == "}")
        if depth == 0 and sentence.startswith((", ", " : "), at):
            comma = at
    kept, tail = sentence[:comma], sentence[comma:]
    first = re.split(r"[\s'’{|,]", kept.lstrip("{"), maxsplit=1)[0].lower()
    stands = comma > 0 and len(kept.split()) >= 4 and first not in _LEANING and tail[-1] in ".!"
    return kept + tail[-1] if stands else ""


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
