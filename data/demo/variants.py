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
et: et| et| et| et| et| et| et aussi| et même| &
ou: ou| ou| ou| ou bien| ou alors| ou encore
pour: pour| pour| pour| pour| pour| pour| pour| pour| pour| pr
dans: dans| dans| dans| dans| dans| dans| dans| dans| dans| ds
avec: avec| avec| avec| avec| avec| avec| avec| avec| avec| avc
que: que| que| que| que| que| que| que| que| que| que| que| que| que| que| que| que| q
pas: pas| pas| pas| pas| pas| pas| pas| pas| pas| pas| pas| pa
quand: quand| quand| lorsque| quand| lorsque| quand| lorsque| qd
quand même: quand même| tout de même| malgré tout
depuis quand: depuis quand
jusqu'à quand: jusqu'à quand
est: est| est| est| est| est bien| est donc| est vraiment| est manifestement| est encore
a: a| a| a| a| a bien| a donc| a finalement| a encore| a visiblement
sont: sont| sont| sont| sont bien| sont donc| sont visiblement| sont encore
ont: ont| ont| ont| ont bien| ont donc| ont finalement
était: était| était| était| était vraiment| était donc| était encore
sera: sera| sera| sera donc| sera bien
m'a: m'a| m'a| m'a| m'a bien| m'a donc| m'a tout de même| m'a carrément| m'a même
m'ont: m'ont| m'ont| m'ont bien| m'ont donc| m'ont même
l'a: l'a| l'a| l'a bien| l'a donc
doit: doit| doit| doit absolument| doit donc| devrait
doivent: doivent| doivent| doivent donc| devraient
peut: peut| peut| peut bien| pourrait| peut encore
peuvent: peuvent| peuvent| pourraient| peuvent bien
veut: veut| veut| veut bien| voudrait
dois: dois| dois| dois donc| devrais
peux: peux| peux| pourrais| peux bien
va: va| va| va donc| va bien
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
même pas: même pas| pas même| pas seulement
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
n'est pas: n'est pas| n'est vraiment pas| n'est toujours pas| n'est décidément pas| n'est apparemment pas
n'a pas: n'a pas| n'a toujours pas| n'a tout simplement pas| n'a même pas| n'a visiblement pas
n'ai pas: n'ai pas| n'ai toujours pas| n'ai tout simplement pas| n'ai même pas| n'ai hélas pas
n'ont pas: n'ont pas| n'ont toujours pas| n'ont même pas| n'ont visiblement pas
ne sont pas: ne sont pas| ne sont toujours pas| ne sont décidément pas| sont pas
ne peut pas: ne peut pas| ne peut tout de même pas| ne pourra pas| peut pas
ne peux pas: ne peux pas| ne peux plus| ne peux vraiment pas| peux pas
ne sait pas: ne sait pas| ne sait même pas| ignore visiblement| sait pas
ne sais pas: ne sais pas| ne sais plus| ignore| sais pas
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
un an: un an| 1 an| une année
une année: une année| un an
chaque jour: chaque jour| tous les jours| jour après jour
chaque mois: chaque mois| tous les mois| mois après mois
chaque semaine: chaque semaine| toutes les semaines
il faut: il faut| il faut| faut| il faudrait
ma femme: ma femme| mon épouse
mon mari: mon mari| mon époux
mes enfants: mes enfants| mes gosses| mes petits
de l'argent: de l'argent| des sous
l'argent: l'argent| les sous
avant: avant| avant| bien avant| juste avant
après: après| après| juste après
jamais: jamais| jamais| jamais vraiment
minutes: minutes| minutes| min| mn
heures: heures| heures| heures| h
dossier: dossier| dossier| dossier| doss
peut-on: peut-on| est-il possible de| est-ce qu'on peut| a-t-on le droit de
exige: exige| réclame| demande
réclame: réclame| exige| demande
voiture: voiture| voiture| bagnole
facture: facture| facture| note
courrier: courrier| courrier| pli
lettre: lettre| lettre| missive
mairie: mairie| mairie| municipalité
guichet: guichet| guichet| comptoir
formulaire: formulaire| formulaire| questionnaire
bravo: bravo| chapeau| félicitations
numéro: numéro| numéro| n°
s'est: s'est| s'est| s'est donc| s'est bien
fut: fut| fut| a été| fut donc
serait: serait| serait| serait donc| serait sûrement
je suis: je suis| je suis| je suis donc| moi je suis| me voilà
"""

ASIDES = (
    "franchement", "je précise", "croyez-moi", "il faut le dire", "bien entendu", "à mon avis", "soyons justes",
    "à vrai dire", "disons", "hélas", "comme par hasard", "si je puis dire", "entre nous", "je le répète",
    "apparemment", "à ma connaissance", "forcément", "naturellement", "sans mentir", "pour être clair",
    "tenez-vous bien", "paraît-il", "en toute bonne foi", "visiblement", "autant le dire", "étrangement",
    "semble-t-il", "pour tout dire", "chose étonnante", "si j'ai bien compris", "sauf erreur", "je crois",
    "à en croire mes proches", "honnêtement", "ma foi", "c'est le comble", "allez comprendre", "comme on dit",
    "soit dit en passant", "j'insiste", "vous en conviendrez", "en ce qui me concerne", "à mon humble avis",
    "sans vouloir accuser", "sans exagérer", "il me semble", "si vous voulez mon avis", "bien évidemment", "à force",
    "de guerre lasse", "en bon français", "comme chacun sait", "une fois encore", "pour ne rien cacher", "du moins",
    "dirais-je", "à ce qu'on raconte", "pour faire court", "je m'explique", "figurez-vous", "notez bien",
    "et c'est tout", "je le sais", "c'est vrai", "c'est dit", "à ce moment-là", "comme ça", "je ne sais pour quelle raison",
    "et pas qu'une fois", "encore elle", "encore lui", "le jour même", "ce n'est pas moi qui le dis", "on me l'a dit",
    "par-dessus tout", "d'un coup", "sans plus", "pour de bon", "à moi", "à mon âge", "à nous tous", "ni plus ni moins",
    "par acquit de conscience", "tout compte fait", "pour ma part", "quelle surprise", "on croit rêver", "au passage", "pour l'anecdote", "quoi qu'on en dise",
)  # fmt: skip


def _table() -> dict[str, tuple[str, ...]]:
    found = {}
    for line in _TABLE.strip().splitlines():
        word, _, variants = line.partition(":")
        found[word] = tuple(v.strip() for v in variants.split("|"))
    return found


_PLAIN_COMMAS = 6 * len(ASIDES)
_COMMA = (", ",) * _PLAIN_COMMAS + tuple(f", {aside}, " for aside in ASIDES)
_FAITHFUL = 10  # chances of the right spelling for one of a wrong one

# What people slip into a long sentence, and what they end one with instead of its last clause.
INSERTS = (
    "{date}", "{date}", "{date} {annee}", "{date} vers {heure}", "vers {heure}", "ce {jour}-là", "un {jour} vers {heure}",
    "avec {proche}", "selon {agent}", "en {mois} {annee}", "{reference}", "dossier {reference}", "{fois}",
    "d'après {proche}", "à {heure} pile", "{temps}", "même à {heure}", "à {commune}", "pour {montant}", "{montant} en tout",
)  # fmt: skip
TAILS = (
    "{temps}", "à {commune}", "{date}", "{fois}", "{intens}", "et {temps} encore", "bref", "un {jour}", "vers {heure}",
    "n'en déplaise à {agent}", "{canal}", "comme {proche}", "pour {montant}", "moi qui suis {metier}",
)  # fmt: skip
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

_WORD = re.compile(r"[\w'’-]+|, (?=[a-zà-ÿ])|\+")
_INSIDE = re.compile(r"[\w'’-]")

Pieces = list[str | tuple[str, ...]]


def loosened(sentence: str) -> str:
    """The sentence with its last clause made optional, when it stands without it: people often leave it out."""
    depth, comma = 0, -1
    for at, letter in enumerate(sentence):
        depth += (letter == "{") - (letter == "}")
        if depth == 0 and sentence.startswith((", ", " : "), at):
            comma = at
    head, tail = sentence[:comma], sentence[comma:]
    first = re.split(r"[\s'’{|,]", head.lstrip("{"), maxsplit=1)[0].lower()
    if comma < 0 or len(head.split()) < 5 or len(tail.split()) < 4 or first in _LEANING or tail[-1] not in ".!":
        return sentence
    kept = "|".join([tail[:-1]] * 11)
    others = "|".join(f", {t}" for t in TAILS[:5]) + "|" * 5
    return f"{head}{{{kept}|{others}}}{tail[-1]}"


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
            if match[0] == ", ":
                end, variants = at + 2, _COMMA
            else:
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
