"""Checks of a reply: each fault planted is found where it stands, and a sound reply raises nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.checks import check
from generation.facts import facts
from generation.institution import Institution
from generation.results import Finding, Source
from generation.text import contacts, link_key

CAF = Institution("c1", "Caf du Nord", "CAF", "https://caf.example.fr", "1 rue du Port, 59000 Lille")
FICHE = Source(
    "fiche", "F1", "Aide au logement", "https://www.service-public.fr/particuliers/vosdroits/F1", 1.0,
    "L'aide au logement est versée le 5 de chaque mois. Le dossier est étudié sous deux mois. Le plafond est de "
    "1 250,50 €. L'article L. 821-1 du code de la construction fixe les conditions. "
    "Appelez le 32 30 ou le 01 53 71 26 00. "
    "Écrivez à aide@caf.example.fr avant le 12 mars 2025. Le bailleur doit remplir l'attestation de loyer.",
    ("https://www.service-public.fr/particuliers/vosdroits/F1", "32 30", "01 53 71 26 00", "aide@caf.example.fr"),
)  # fmt: skip
PAST = Source(
    "reply", "7", "Réponse", "", 1.0,
    "Bonjour, votre dossier a été traité par nos services la semaine passée et le versement aura lieu. Cordialement.",
)  # fmt: skip
SOUND = (
    "Bonjour,\n\nNous vous remercions pour votre témoignage. {}Vous pouvez déposer l'attestation de loyer "
    "dans votre espace personnel : https://www.service-public.gouv.fr/particuliers/vosdroits/F1\n\n"
    "Bien cordialement,\nCaf du Nord"
)


def found(reply: str, review: str = "") -> list[Finding]:
    return list(check(reply, [FICHE, PAST], CAF, review))


def kinds(reply: str, review: str = "") -> set[str]:
    return {finding.check for finding in found(reply, review)}


def test_a_sound_reply_raises_nothing() -> None:
    assert found(SOUND.format("")) == []


@pytest.mark.parametrize(
    "said",
    [
        "L'aide est versée le 5 de chaque mois. ",
        "Le dossier est étudié sous 2 mois. ",
        "Le plafond est de 1250,50 euros. ",
        "L'article L821-1 fixe les conditions. ",
        "Appelez le 3230 ou le 01.53.71.26.00. ",
        "Écrivez à aide@caf.example.fr avant le 12/03/2025. ",
        "Notre site : caf.example.fr. ",
        "Rendez-vous au 1 rue du Port. ",
    ],
)
def test_what_a_source_says_can_be_written_in_another_way(said: str) -> None:
    assert found(SOUND.format(said)) == []


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("link", "Voyez https://www.faux-site.fr/aide. ", "https://www.faux-site.fr/aide"),
        ("link", "Voyez https://www.service-public.fr/particuliers/vosdroits/F99999. ", "vosdroits/F99999"),
        ("link", "Voyez mon-faux-compte.com pour la suite. ", "mon-faux-compte.com"),
        ("mail", "Écrivez à service@faux.fr. ", "service@faux.fr"),
        ("phone", "Appelez le 06 12 34 56 78. ", "06 12 34 56 78"),
        ("phone", "Appelez le 36 46. ", "36 46"),
        ("phone", "Appelez le +33 6 12 34 56 78. ", "+33 6 12 34 56 78"),
        ("address", "Présentez-vous au 14 rue de Metz, 57000 Metz. ", "14 rue de Metz, 57000 Metz"),
        ("date", "Écrivez avant le 14 juillet 2025. ", "14 juillet 2025"),
        ("date", "Écrivez avant le 14/07/2025. ", "14/07/2025"),
        ("amount", "Le plafond est de 900 €. ", "900 €"),
        ("amount", "Vous toucherez 30 % du loyer. ", "30 %"),
        ("deadline", "La réponse vient sous 15 jours. ", "15 jours"),
        ("deadline", "La réponse vient sous trois semaines. ", "trois semaines"),
        ("deadline", "La réponse vient sous quinzaine. ", "quinzaine"),
        ("legal", "Selon l'article 1240 du code civil. ", "article 1240"),
        ("legal", "Selon la loi n° 78-753. ", "loi n° 78-753"),
        ("promise", "Nous allons vous rembourser. ", "Nous allons vous rembourser"),
        ("promise", "Votre dossier sera traité en priorité. ", "Votre dossier sera traité"),
        ("promise", "Un conseiller vous rappellera. ", "Un conseiller vous rappellera"),
        ("promise", "Nous interviendrons auprès du service. ", "Nous interviendrons"),
        ("admission", "Nous reconnaissons notre erreur. ", "Nous reconnaissons notre"),
        ("admission", "C'est une erreur de nos services. ", "erreur de nos"),
        ("personal_data", "Votre numéro 2 85 05 78 006 084 91 est bien noté. ", "2 85 05 78 006 084 91"),
        ("institution", "Contactez la CPAM de Lille. ", "CPAM"),
        ("template", "Cher [nom de l'usager], ", "[nom de l'usager]"),
        ("template", "En tant qu'assistant, je ne peux pas. ", "En tant qu'assistant"),
        ("template", "{{ institution }} vous répond. ", "{{ institution }}"),
        ("markup", "Voyez [ici](https://www.service-public.fr/particuliers/vosdroits/F1). ", "[ici]("),
        ("markup", "Bonne journée <img src=x>. ", "<img src=x>"),
        ("markup", "Texte\u200b caché. ", "\u200b"),
        ("source_mark", "Selon la fiche [1]. ", "[1]"),
        ("tone", "Tu peux déposer ton dossier. ", "Tu"),
        ("past_case", "Votre dossier a été traité par nos services la semaine passée. ", "Votre dossier a été"),
        ("unsupported", "Le passeport biométrique est obligatoire pour tout enfant scolarisé. ", "Le passeport"),
        ("repetition", "Merci de votre patience durant cette longue étude. " * 2, "Merci de votre patience"),
    ],
)  # fmt: skip
def test_each_planted_fault_is_found_where_it_stands(kind: str, said: str, words: str) -> None:
    reply = SOUND.format(said)
    spans = [finding.span for finding in found(reply) if finding.check == kind]
    assert spans, kinds(reply)
    start = reply.rindex(words)
    assert any(span and span[0] < start + len(words) and start < span[1] for span in spans)


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ("greeting", "Merci pour votre témoignage.\n\nBien cordialement,\nCaf du Nord"),
        ("closing", "Bonjour,\n\nMerci pour votre témoignage.\n\nCaf du Nord"),
        ("signature", "Bonjour,\n\nMerci pour votre témoignage.\n\nBien cordialement,"),
        ("length", "Bonjour,\nMerci.\nCordialement,\nCaf du Nord"),
        ("length", "   "),
        (
            "language",
            "Bonjour, " + "thank you very much for this feedback about our services " * 4 + "Cordialement, Caf",
        ),
        ("personal_data", SOUND.format("").replace("Bonjour,", "Bonjour Anne,")),
    ],
)
def test_what_is_missing_or_odd_in_the_whole_is_found(kind: str, reply: str) -> None:
    assert kind in kinds(reply)


def test_a_wrong_signature_is_severe() -> None:
    reply = SOUND.format("").replace("\nCaf du Nord", "\nLa CPAM de Lille")
    assert [finding.severity for finding in found(reply) if finding.check == "institution"] == ["high"]


def test_an_institution_the_review_speaks_of_may_be_named() -> None:
    assert "institution" not in kinds(SOUND.format("Contactez la CPAM. "), review="La CPAM m'a dit de vous écrire")


def test_a_fact_taken_from_the_review_is_told_apart() -> None:
    finding = found(SOUND.format("Vous attendez depuis le 3 juin 2024. "), review="J'attends depuis le 3 juin 2024")[0]
    assert (finding.check, finding.severity) == ("date", "low")


def test_every_finding_says_what_to_do_in_french() -> None:
    for finding in found("Tu [nom] 06 12 34 56 78 http://faux.fr, nous allons vous rembourser 12 € sous 3 jours"):
        assert finding.message[0].isupper()
        assert finding.message.endswith(".")


def test_checks_take_milliseconds() -> None:
    reply = SOUND.format("Appelez le 06 12 34 56 78 sous 3 jours, selon l'article 4. " * 12)
    spent = []
    for _ in range(10):
        started = time.process_time()  # of this process: other work on the machine does not count
        found(reply)
        spent.append(time.process_time() - started)
    assert min(spent) < 0.05


@given(st.text(max_size=400))
def test_any_text_can_be_checked_and_spans_lie_inside(reply: str) -> None:
    for finding in found(reply):
        if finding.span:
            assert 0 <= finding.span[0] <= finding.span[1] <= len(reply)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2 mois", "deux mois"),
        ("le 12/03/2025", "le 12 mars 2025"),
        ("1 250 €", "1250 euros"),
        ("sous 15 jours", "sous quinzaine"),
    ],
)
def test_two_writings_of_a_fact_have_one_key(one: str, other: str) -> None:
    assert [fact.key for fact in facts(one)] == [fact.key for fact in facts(other)] != []


@pytest.mark.parametrize(
    "text",
    ["j'ai 17 ans", "la ligne 15", "le 39 rue Foch", "au 18 allée des Tilleuls", "article 17", "en 2018", "page 3646"],
)
def test_a_bare_number_is_not_a_phone(text: str) -> None:
    assert [fact for fact in contacts(text) if fact.kind == "phone"] == []


@pytest.mark.parametrize(
    "text", ["appelez le 17", "au 3646", "composez le 39 39", "tél. 0 800 123 456", "le 0612345678"]
)
def test_a_called_number_is_a_phone(text: str) -> None:
    assert len([fact for fact in contacts(text) if fact.kind == "phone"]) == 1


def test_both_hosts_of_service_public_are_one() -> None:
    assert link_key("https://www.service-public.fr/F1/") == link_key("http://service-public.gouv.fr/F1")
