/* Buttons of the page that show a place in the viewer. */
(function (sv) {
  "use strict";

  /* An id as the page writes it: letters that can't be seen are question marks. */
  function written(id) {
    return id.replace(/[\p{C}\p{Z}]/gu, (letter) =>
      letter === " " || letter === "\n" ? letter : "?");
  }

  function numbers(text) {
    return text === "" ? [] : text.split(",").map(Number);
  }

  function open(node) {
    for (let at = node.parentElement; at !== null; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
    }
  }

  sv.listenToPlaces = function (data, root, act) {
    const known = new Map(data.scenes.map((row, number) => [written(row.id), number]));
    for (const button of document.querySelectorAll("button.show-in-viewer")) {
      const scene = known.get(written(button.dataset.scene ?? ""));
      const box = numbers(button.dataset.box ?? "");
      if (scene === undefined || box.length !== 4 || box.some(Number.isNaN) || act === null) {
        button.disabled = true;
        button.title = "This scene is not in the viewer";
        continue;
      }
      button.addEventListener("click", () => {
        open(root);
        const pair = (button.dataset.pair ?? "").split(",");
        act.place(scene, box, numbers(button.dataset.codes ?? ""), pair);
        const { canvas } = act.stage;
        const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
        canvas.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
        canvas.focus({ preventScroll: true });
      });
    }
  };
})((window.sceneViewer ||= {}));
