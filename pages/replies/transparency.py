"""For anyone who asks: how replies are made, by which model, with which data; the same text is public at `statement.PATH`."""

from __future__ import annotations

import streamlit as st

from pages.components import identity, statement, states, store

identity.guard("transparence")
st.title("Transparence", anchor=False)
st.write(statement.LEAD)
with states.guarded("L'état du modèle n'a pas pu être lu"):
    found = statement.sections(store.config(), store.operations())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button("Voir la page publique", statement.PATH, icon=":material/public:", type="tertiary")
        for label, data, name, mime in (
            ("Télécharger la page (HTML)", statement.as_html, "transparence.html", "text/html"),
            ("Télécharger le texte", statement.as_text, "transparence.txt", "text/plain"),
        ):
            st.download_button(
                label,
                data=data(found).encode(),
                file_name=name,
                mime=mime,
                key=name,
                icon=":material/download:",
                on_click="ignore",
                type="tertiary",
            )
    st.caption("La page publique s'ouvre sans connexion : c'est elle que l'on donne aux usagers.")
    for section in found:
        st.header(section.title, anchor=False)
        for sentence in section.sentences:
            st.write(states.plain(sentence))
        mark = "1." if section.ordered else "-"
        if section.points:
            st.markdown("\n".join(f"{mark} {states.plain(point)}" for point in section.points))
