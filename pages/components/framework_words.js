// The framework speaks English in a few labels it does not let us set. This says them in French, on screen and to
// screen readers, wherever they appear. Only exact phrases of the framework are touched, never content.
(() => {
  const words = {
    "Sidebar": "Menu", "Collapse sidebar": "Replier le menu", "Expand sidebar": "Déplier le menu",
    "App pages": "Pages de l'application", "Open": "Ouvrir la liste", "Close": "Fermer", "Help": "Aide",
    "Increment": "Suivant", "Decrement": "Précédent", "Fullscreen": "Plein écran", "Close fullscreen": "Quitter le plein écran",
    "Search": "Chercher", "Download as CSV": "Télécharger (CSV)", "Show/hide columns": "Choisir les colonnes",
    "file upload": "fichier à charger", "Upload": "Choisir un fichier", "Clear value": "Effacer", "Clear all": "Tout effacer",
    "No results": "Aucun résultat", "Copy to clipboard": "Copier", "Choose options": "Choisissez", "Choose an option": "Choisissez",
    "Select all": "Tout choisir", "Remove file": "Retirer le fichier", "Running...": "En cours…", "Stop": "Arrêter",
    "Feedback rating": "Votre avis", "Thumbs up": "Bonne", "Thumbs down": "Pas bonne",
    "Connecting": "Connexion…", "View more": "Tout afficher", "View less": "Réduire", "Press Enter to apply": "Entrée pour valider",
    "Press Ctrl+Enter to apply": "Ctrl + Entrée pour enregistrer", "Press ⌘+Enter to apply": "⌘ + Entrée pour enregistrer",
    "Skip to main content": "Aller au contenu", "Choose date": "Choisir une date", "Next month": "Mois suivant",
    "Previous month": "Mois précédent", "Use arrow keys to navigate dates. Enter to select. Escape to close.":
      "Les flèches vont d'un jour à l'autre, Entrée choisit, Échap ferme.",
    "Sort ascending": "Tri croissant", "Sort descending": "Tri décroissant", "Statistics": "Statistiques",
    "Autosize": "Ajuster la largeur", "Pin column": "Épingler la colonne", "Unpin column": "Détacher la colonne",
    "Hide column": "Masquer la colonne", "Copy column name": "Copier le nom de la colonne", "Clear selection": "Ne rien choisir",
    "Automatic": "Automatique", "Localized": "À la française", "Distance": "Temps écoulé", "Calendar": "Calendrier",
    "Plain": "Brut", "Percent": "Pourcentage", "Compact": "Abrégé", "Scientific": "Scientifique", "Accounting": "Comptable",
    "Values": "Valeurs", "Empty": "Vides", "No data": "Aucune valeur", "Distinct": "Différentes", "Count": "Nombre",
    "Minimum length": "Longueur minimale", "Maximum length": "Longueur maximale", "Average length": "Longueur moyenne",
    "25th percentile": "1er quart", "75th percentile": "3e quart", "Median": "Médiane", "Average": "Moyenne", "Sum": "Somme",
    "Standard deviation": "Écart type", "Range": "Étendue", "Duration": "Durée", "Based on sample": "D'après un échantillon",
    "True": "Oui", "False": "Non", "Error": "Erreur", "Error:": "Erreur : ",
    "Type to search": "Tapez pour chercher", "over 1000": "plus de 1000", "Previous Result": "Résultat précédent",
    "Next Result": "Résultat suivant", "Close Search": "Fermer la recherche",
    "Connection error": "Vigie ne répond plus", "streamlit run yourscript.py": "make run",
    "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:":
      "Le serveur est arrêté, ou hors d'atteinte ; la page reprend seule quand il revient. Pour le relancer :",
  };
  const months = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];
  const units = { B: "o", KB: "Ko", MB: "Mo", GB: "Go" };
  const parts = { day: "jour", month: "mois", year: "année", days: "jours", months: "mois", years: "ans", weeks: "semaines" };
  const places = ["aria-label", "title", "placeholder", "aria-valuetext"];
  // What holds a word of the page: the pattern, then its French.
  const patterns = [
    [/^Help for (.*)$/s, (m) => `Aide : ${m[1]}`],
    [/^Shortcut (.*)$/, (m) => `Raccourci ${m[1]}`],
    [/^(Show\/hide columns|Download as CSV|Search|Fullscreen|Close fullscreen): (.*)$/s, (m) => `${words[m[1]]} : ${m[2]}`],
    [/^(\d+)\s?([MG])B per file(?: • (.*))?$/, (m) => `${m[1]} ${m[2]}o par fichier${m[3] ? ` • ${m[3]}` : ""}`],
    [/^(\d+)(?:\.(\d+))?([KMG]?B)$/, (m) => `${m[1]}${+m[2] ? `,${m[2]}` : ""} ${units[m[3]]}`],
    [/^(?:Error: )?.* files are not allowed\.$/, () => "Cette sorte de fichier n'est pas acceptée."],
    [/^(?:Error: )?File must be (\d+)([KMG]?B) or smaller\.?$/, (m) => `Le fichier dépasse ${m[1]} ${units[m[2]]}.`],
    [/^(day|month|year), (.*)$/s, (m) => `${parts[m[1]]}, ${m[2]}`],
    [/^(\d\d) – [A-Z]\w+$/, (m) => months[m[1] - 1]],
    [/^Choose date, (.*)$/, (m) => `Choisir une date, ${m[1]}`],
    [/^: Date set outside allowed range\..*$/s, () => " : cette date est hors des bornes."],
    [/^(\d+) (days?|weeks|months?|years?)$/, (m) => `${m[1]} ${parts[m[2]]}`],
    [/^(?:(\d+) of )?(over 1000|\d+ results?)$/, (m) =>
      (m[1] ? `${m[1]} sur ` : "") + (words[m[2]] || m[2].replace("result", "résultat"))],
  ];
  const said = (text) => {
    const found = words[text.trim()];
    if (found) return found;
    for (const [pattern, french] of patterns) {
      const match = text.match(pattern);
      if (match) return french(match);
    }
    return null;
  };
  // Text is touched inside the framework's own controls alone: a review may well say "Stop".
  const controls = "[data-testid=stFileUploader],[data-testid=stStatusWidget],[data-testid=stSidebarNav]," +
    "[data-testid=stTooltipContent],[data-testid=InputInstructions],[role=listbox],[data-baseweb=popover]," +
    "[data-testid=stSkipToContent],[data-testid=stDateInputCalendar],[data-testid=stDateInput],.gdg-search-status," +
    "[data-testid=stDataFrameColumnMenu],[data-testid=stDataFrameColumnFormattingMenu]," +
    "[data-testid=stDataFrameStatisticsMenu],[data-testid=stDataFrameColumnVisibilityMenu]," +
    "[role=dialog]:has([data-testid=stErrorCodeBlock])";
  const attributes = (element) => places.forEach((place) => {
    const french = element.hasAttribute(place) && said(element.getAttribute(place));
    if (french) element.setAttribute(place, french);
  });
  const text = (node) => {
    const french = said(node.data);
    if (french && node.data !== french && node.parentElement?.closest(controls)) node.data = french;
  };
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return text(node);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    attributes(node);
    node.querySelectorAll("[aria-label],[title],[placeholder]").forEach(attributes);
    const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) text(walk.currentNode);
  };
  new MutationObserver((changes) => changes.forEach((change) => {
    if (change.type === "attributes") attributes(change.target);
    else if (change.type === "characterData") text(change.target);
    else change.addedNodes.forEach(visit);
  })).observe(document, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: places });
})();
