"""Networks of institutions: which network a typology belongs to, where it has structures, and how they are named.

The rule it protects: the demo's institutions carry the portal's own typology names, old and new ones included (Pôle
emploi became France Travail in 2024, ANTS became France Titres), so that the alias table has something to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

MI = "Services numériques du ministère de l'Intérieur"
ATE = "Administration territoriale de l'Etat"
MEAE = "Ministère de l’Europe et des Affaires étrangères (MEAE)"
JUSTICE = "Ministère de la Justice"
DILA = "Direction de l'information légale et administration publique (DILA)"
OUTSIDE = "Réseau hors réseau"


@dataclass(frozen=True)
class Network:
    """Where one typology has structures and what people and the referential call them."""

    typology: str
    network: str
    level: str  # 'nation' | 'region' | 'half' (larger départements) | 'dept'
    pattern: str  # name in the referential; {d} département, {v} town, {r} region
    spoken: tuple[str, ...]  # with its article, as people write it


# typology | network | level | name in the referential | as people call it
_TABLE = f"""
CAF|CNAF|dept|CAF {{d}}|la CAF/la Caf/la caisse d'allocations familiales
CNAF|CNAF|nation|Caisse nationale des allocations familiales|la CNAF
CPAM|CNAM|dept|CPAM {{d}}|la CPAM/la Sécu/l'assurance maladie
CNAM|CNAM|nation|Caisse nationale de l'assurance maladie|l'assurance maladie/ameli
CGSS Assurance Maladie|CNAM|nation|CGSS Assurance maladie outre-mer|la CGSS
Carsat|CNAV|region|Carsat {{r}}|la Carsat/la caisse de retraite
CNAV|CNAV|nation|Caisse nationale d'assurance vieillesse|la CNAV/l'assurance retraite
Assurance retraite Ile de France|CNAV|nation|Assurance retraite Île-de-France|l'assurance retraite
CGSS RETRAITE|CNAV|nation|CGSS Retraite outre-mer|la CGSS
Info Retraite|GIP Union Retraite|nation|Info Retraite|Info Retraite
AGIRC-ARRCO|AGIRC-ARRCO|nation|AGIRC-ARRCO|l'AGIRC-ARRCO
MSA|CCMSA|region|MSA {{r}}|la MSA
CCMSA|CCMSA|nation|Caisse centrale de la MSA|la MSA
URSSAF|URSSAF|nation|Urssaf - caisse nationale|l'URSSAF/l'Urssaf
Caisse régionale URSSAF|URSSAF|region|URSSAF {{r}}|l'URSSAF
Centre national CESU|URSSAF|nation|Centre national CESU|le CESU
Centre national PAJEMPLOI|URSSAF|nation|Centre national Pajemploi|Pajemploi
Centre national TESE|URSSAF|nation|Centre national TESE|le TESE
POLE EMPLOI|POLE EMPLOI|nation|Pôle emploi - direction générale|Pôle emploi
AGENCE POLE EMPLOI (APE)|POLE EMPLOI|dept|Agence Pôle emploi {{v}}|Pôle emploi/mon agence Pôle emploi
DR POLE EMPLOI|POLE EMPLOI|region|Direction régionale Pôle emploi {{r}}|Pôle emploi
Impots.gouv.fr|DGFIP|nation|Impots.gouv.fr|les impôts/impots.gouv
DGFIP|DGFIP|nation|Direction générale des finances publiques|les impôts/le fisc
DIR DEPT FINANCES PUBLIQUES|DGFIP|half|DDFIP {{d}}|la DDFIP/les impôts
Service des Impôts des particuliers|DGFIP|dept|SIP {{v}}|le SIP/le centre des impôts/les impôts
Service des Impôts des entreprises|DGFIP|region|SIE {{v}}|le SIE
Centre des Impôts Foncier|DGFIP|region|CDIF {{v}}|le cadastre/le CDIF
Service de publicité foncière|DGFIP|region|SPF {{v}}|la publicité foncière
Service de gestion comptable|DGFIP|region|SGC {{v}}|le SGC
Trésorerie|DGFIP|region|Trésorerie {{v}}|la trésorerie/le Trésor public
Trésorerie amendes|DGFIP|region|Trésorerie amendes {{v}}|la trésorerie
Trésorerie spécialisée|DGFIP|region|Trésorerie spécialisée {{v}}|la trésorerie
Trésorerie hospitalière|DGFIP|region|Trésorerie hospitalière {{v}}|la trésorerie de l'hôpital
Direction des impôts des non résidents|DGFIP|nation|Direction des impôts des non-résidents|le service des non-résidents
Cadastre.gouv.fr|DGFIP|nation|Cadastre.gouv.fr|le cadastre
PayFip.gouv.fr|DGFIP|nation|PayFiP|PayFiP
Timbres.impots.gouv.fr|DGFIP|nation|Timbres fiscaux en ligne|le site des timbres
Amendes.gouv.fr|DGFIP|nation|Amendes.gouv.fr|le site des amendes
ANTAI|{MI}|nation|Agence nationale de traitement automatisé des infractions|l'ANTAI
ANTS|ANTS|nation|ANTS|l'ANTS
Histovec|{MI}|nation|Histovec|Histovec
Candilib|{MI}|nation|Candilib|Candilib
Services électoraux|{MI}|nation|Services électoraux|le service des élections
Maprocuration.gouv.fr|{MI}|nation|Maprocuration|maprocuration
Intérieur.gouv.fr|{MI}|nation|Ministère de l'Intérieur|le ministère
ANEF (Administration Numérique des Français de l'Etranger)|{MI}|nation|Administration numérique des étrangers|l'ANEF
OFII|OFII|nation|Office français de l'immigration et de l'intégration|l'OFII
Préfecture|{ATE}|dept|Préfecture {{d}}|la préfecture/la préf
Sous-préfecture|{ATE}|region|Sous-préfecture {{v2}}|la sous-préfecture
Direction départementale des territoires|{ATE}|region|DDT {{d}}|la DDT
PREFECTURE DE POLICE DE PARIS|PREFECTURE DE POLICE DE PARIS|nation|Préfecture de police de Paris|la préfecture de police
Collectivités territoriales - Communes|Collectivités territoriales - Communes|nation|Collectivités territoriales - Communes|la mairie
Ville - Commune|Collectivités territoriales - Communes|nation|Communes et intercommunalités|la mairie/la ville
Collectivités territoriales - Départements|Collectivités territoriales - Départements|nation|Conseils départementaux|le département
Réseau consulaire|{MEAE}|nation|Réseau consulaire|le consulat/le consulat général
{MEAE}|{MEAE}|nation|Direction des Français à l'étranger|le consulat/le ministère
Service Central d'Etat Civil|{MEAE}|nation|Service central d'état civil|le service central d'état civil
Service-public.fr|{DILA}|nation|Service-public.fr|Service-public.fr
Franceconnect|Direction interministérielle du Numérique (DINUM)|nation|FranceConnect|FranceConnect
Structure France services|France services|half|France services {{v}}|France services/la maison France services
France services|France services|nation|France services|France services
CROUS|LES CROUS|region|Crous {{r}}|le CROUS
LES CROUS|LES CROUS|nation|Centre national des œuvres universitaires|le CROUS
Messervices.etudiant.gouv.fr|LES CROUS|nation|Messervices.etudiant.gouv.fr|le CROUS
Rectorat|Réseau des rectorats et DSDEN|region|Rectorat {{r}}|le rectorat
DSDEN|Réseau des rectorats et DSDEN|region|DSDEN {{d}}|l'académie/l'inspection académique
MDPH-MDA|CNSA|half|MDPH {{d}}|la MDPH
TRIBUNAL JUDICIAIRE|{JUSTICE}|region|Tribunal judiciaire {{v}}|le tribunal
TRIBUNAL DE PROXIMITE|{JUSTICE}|region|Tribunal de proximité {{v}}|le tribunal
Casier judiciaire national|{JUSTICE}|nation|Casier judiciaire national|le casier judiciaire
Ministère de la Justice|{JUSTICE}|nation|Ministère de la Justice|le ministère
Gendarmerie Nationale|Gendarmerie Nationale|nation|Gendarmerie nationale|la gendarmerie
Brigade de gendarmerie|Gendarmerie Nationale|region|Brigade {{v2}}|la gendarmerie/la brigade
POLICE NATIONALE|POLICE NATIONALE|nation|Police nationale|la police
COMMISSARIAT DE POLICE|POLICE NATIONALE|region|Commissariat {{v}}|le commissariat
HOTEL DE POLICE|POLICE NATIONALE|region|Hôtel de police {{v}}|le commissariat
Pré-plainte en ligne (PPEL)|POLICE NATIONALE|nation|Pré-plainte en ligne|la pré-plainte en ligne
Maprim'renov|ANAH|nation|MaPrimeRénov'|MaPrimeRénov
ANAH|ANAH|nation|Agence nationale de l'habitat|l'ANAH
monprojetanah|ANAH|nation|Mon projet ANAH|l'ANAH
FranceRenov'|ANAH|nation|France Rénov'|France Rénov
Chèque énergie|Agence de services et de paiement (ASP)|nation|Chèque énergie|le chèque énergie
Agence de services et de paiement (ASP)|Agence de services et de paiement (ASP)|nation|Agence de services et de paiement|l'ASP
Direction régionale des douanes|DGDDI|region|Direction régionale des douanes {{r}}|la douane
Bureau de douane|DGDDI|region|Bureau de douane {{v}}|la douane
ETABLISSEMENT HOSPITALIER|SGMAS|region|Centre hospitalier {{v}}|l'hôpital
Ars|SGMAS|region|ARS {{r}}|l'ARS
Caisse des dépôts (CDC)|Caisse des dépôts (CDC)|nation|Caisse des dépôts|la Caisse des dépôts
INPI - Institut National de la Propriété Industrielle|INPI|nation|INPI - guichet unique|l'INPI/le guichet unique
Demande-logement-social.gouv.fr|Ministère chargé du logement|nation|Demande de logement social|le site du logement social
ACTION LOGEMENT|ACTION LOGEMENT|nation|Action Logement|Action Logement
Agence Comptable ASP|Agence de services et de paiement (ASP)|nation|Agence comptable de l'ASP|l'ASP
Agence de la biomédecine (registre national des refus de don d’organes)|SGMAS|nation|Agence de la biomédecine|l'agence de la biomédecine
Aides aux véhicules|Agence de services et de paiement (ASP)|nation|Aides aux véhicules|l'ASP
CAMIEG : Caisse d'assurance maladie des industries\xa0électriques et gazières|CAMIEG|nation|CAMIEG|la CAMIEG
Caisse nationale de retraites des agents des collectivités locales (CNRACL)|Caisse des dépôts (CDC)|nation|CNRACL|la CNRACL
Centre du service national et de la jeunesse|DSNJ|region|Centre du service national {{v}}|le centre du service national
Crit'air|MTE-MCTRCT|nation|Certificat Crit'Air|Crit'Air
Démarches simpliées|Direction interministérielle du Numérique (DINUM)|nation|Démarches simplifiées|démarches simplifiées
INSEE|INSEE|nation|INSEE|l'INSEE
Infos Douane Service IDS|DGDDI|nation|Infos Douane Service|Infos Douane
Opération tranquillité vacances (OTV)|POLICE NATIONALE|nation|Opération tranquillité vacances|la police
Pass Culture|Ministère de la Culture|nation|Pass Culture|le pass Culture
Point-justice (MJD)|{JUSTICE}|region|Point-justice MJD {{v}}|le point-justice
Point-justice (PAD)|{JUSTICE}|region|Point-justice PAD {{v}}|le point-justice
Retraitesdeletat.gouv.fr|DGFIP|nation|Retraites de l'État|le service des retraites
Réseau des rectorats et DSDEN|Réseau des rectorats et DSDEN|nation|Réseau des rectorats|le rectorat
Service en ligne Ma Sécurité|Gendarmerie Nationale|nation|Ma Sécurité|Ma Sécurité
{MI}|{MI}|nation|Services numériques de l'Intérieur|le ministère
THESEE|POLICE NATIONALE|nation|THESEE|la police
Université|Universités et écoles|region|Université {{v}}|l'université/la fac
Www.guichet-entreprises.fr|INPI|nation|Guichet-entreprises|le guichet des entreprises
Services Publics +|DITP|nation|Services Publics +|Services Publics +
"""

# typology before: (first day of the new name, typology, network and words of names after)
RENAMED: dict[str, tuple[date, str]] = {
    "POLE EMPLOI": (date(2024, 1, 1), "FRANCE TRAVAIL"),
    "AGENCE POLE EMPLOI (APE)": (date(2024, 1, 1), "AGENCE FRANCE TRAVAIL"),
    "DR POLE EMPLOI": (date(2024, 1, 1), "DR FRANCE TRAVAIL"),
    "ANTS": (date(2024, 2, 22), "France Titres"),
}
RENAMED_WORDS = (("Pôle emploi", "France Travail"), ("ANTS", "France Titres"))


def networks() -> dict[str, Network]:
    """Every known typology by its name."""
    found = {}
    for line in _TABLE.strip().splitlines():
        typology, network, level, pattern, spoken = line.split("|")
        found[typology] = Network(typology, network, level, pattern, tuple(spoken.split("/")))
    return found


def of(typology: str, known: dict[str, Network]) -> Network:
    """The network of a typology; one that the table lacks is a national service of its own name."""
    return known.get(typology) or Network(typology, typology, "nation", typology, (typology,))


def renamed(text: str) -> str:
    """A name of an institution as it reads after its renaming."""
    for before, after in RENAMED_WORDS:
        text = text.replace(before, after)
    return text
