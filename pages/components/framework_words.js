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
  };
  const places = ["aria-label", "title", "placeholder"];
  const said = (text) => {
    const found = words[text.trim()];
    if (found) return found;
    const help = text.match(/^Help for (.*)$/s);
    if (help) return `Aide : ${help[1]}`;
    const shortcut = text.match(/^Shortcut (.*)$/);
    if (shortcut) return `Raccourci ${shortcut[1]}`;
    const tool = text.match(/^(Show\/hide columns|Download as CSV|Search|Fullscreen|Close fullscreen): (.*)$/s);
    if (tool) return `${words[tool[1]]} : ${tool[2]}`;
    const limit = text.match(/^(\d+)\s?([MG])B per file(?: • (.*))?$/);
    return limit ? `${limit[1]} ${limit[2]}o par fichier${limit[3] ? ` • ${limit[3]}` : ""}` : null;
  };
  // Text is touched inside the framework's own controls alone: a review may well say "Stop".
  const controls = "[data-testid=stFileUploader],[data-testid=stStatusWidget],[data-testid=stSidebarNav]," +
    "[data-testid=stTooltipContent],[data-testid=InputInstructions],[role=listbox],[data-baseweb=popover]";
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
