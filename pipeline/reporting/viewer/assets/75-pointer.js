/* Mouse and fingers on the canvas. */
(function (sv) {
  "use strict";

  const NEAR = 7;

  sv.listenToPointer = function (model, stage, overlays) {
    const { canvas, view } = stage;
    const down = new Map();
    let travelled = 0;
    let asked = null;

    /* Where an event is: the pane, and the place in it in CSS pixels. */
    function placeOf(event) {
      const box = canvas.getBoundingClientRect();
      const x = event.clientX - box.left;
      const y = event.clientY - box.top;
      const pane = stage.panes().find((row) => x < row.x + row.width) ?? stage.panes()[0];
      return { x: x - pane.x, y, pane, stageX: x };
    }

    function told(place) {
      const hidden = model.state.mode === "swipe"
        && place.stageX < model.state.split * canvas.clientWidth;
      if (model.scene() === null || hidden) return [];
      const at = view.toScene(place.x, place.y);
      return sv.objectsAt(model, at.x, at.y);
    }

    /* Show what is under the pointer, once a frame at most. */
    function hover(place) {
      if (asked === null) {
        requestAnimationFrame(() => {
          const now = asked;
          asked = null;
          if (now !== null && down.size === 0) overlays.tip.show(told(now), now.stageX, now.y);
        });
      }
      asked = place;
    }

    function middle() {
      const rows = [...down.values()];
      const x = rows.reduce((sum, row) => sum + row.x, 0) / rows.length;
      const y = rows.reduce((sum, row) => sum + row.y, 0) / rows.length;
      const wide = rows.length < 2 ? 0 : Math.hypot(rows[0].x - rows[1].x, rows[0].y - rows[1].y);
      return { x, y, wide };
    }

    canvas.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse" && event.button !== 0) return;
      if (down.size === 0) travelled = 0;
      canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, placeOf(event));
      overlays.tip.hide();
      asked = null;
      stage.hold(true);
    });

    canvas.addEventListener("pointermove", (event) => {
      const place = placeOf(event);
      if (!down.has(event.pointerId)) {
        if (event.pointerType === "mouse") hover(place);
        return;
      }
      const before = middle();
      down.set(event.pointerId, { ...place, x: place.stageX - down.get(event.pointerId).pane.x,
        pane: down.get(event.pointerId).pane });
      const after = middle();
      travelled += Math.hypot(after.x - before.x, after.y - before.y)
        + Math.abs(after.wide - before.wide);
      if (travelled < NEAR && event.pointerType !== "mouse") return;
      stage.free();
      if (before.wide > 0 && after.wide > 0) {
        view.set(view.zoomed(after.wide / before.wide, before.x, before.y));
      }
      view.set(view.by(before.x - after.x, before.y - after.y));
      touchAction();
    });

    function lift(event) {
      if (!down.has(event.pointerId)) return;
      const place = placeOf(event);
      down.delete(event.pointerId);
      if (down.size > 0) return;
      stage.hold(false);
      stage.request();
      if (event.type === "pointerup" && travelled < NEAR) {
        overlays.tip.show(told(place), place.stageX, place.y);
      }
    }

    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    canvas.addEventListener("pointerleave", (event) => {
      asked = null;
      if (event.pointerType === "mouse") overlays.tip.hide();
    });

    canvas.addEventListener("dblclick", (event) => {
      event.preventDefault();
      const place = placeOf(event);
      stage.free();
      view.glide(view.zoomed(event.shiftKey ? 0.5 : 2, place.x, place.y));
    });

    /* The wheel zooms where the canvas was chosen or Ctrl is held; elsewhere the page scrolls. */
    canvas.addEventListener("wheel", (event) => {
      const chosen = document.activeElement === canvas || event.ctrlKey || event.metaKey;
      if (!chosen) {
        overlays.hint.show("Click the picture, or hold Ctrl, to zoom with the wheel");
        return;
      }
      if (event.deltaY > 0 && view.least() && !event.ctrlKey) return;
      event.preventDefault();
      const place = placeOf(event);
      const lines = event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 400 : 1;
      const speed = event.ctrlKey && Math.abs(event.deltaY) < 40 ? 0.01 : 0.0025;
      const delta = Math.max(-300, Math.min(300, event.deltaY * lines));
      overlays.tip.hide();
      stage.free();
      view.set(view.zoomed(2 ** (-delta * speed), place.x, place.y));
      touchAction();
    }, { passive: false });

    /* A finger scrolls the page as long as the whole scene is seen. */
    function touchAction() {
      const wanted = view.whole() ? "pan-y" : "none";
      if (canvas.style.touchAction !== wanted) canvas.style.touchAction = wanted;
    }

    stage.onDraw(touchAction);
  };
})((window.sceneViewer ||= {}));
