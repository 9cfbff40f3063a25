/* What part of the scene is seen: its centre, in pixels of the scene, and CSS pixels per such pixel. */
(function (sv) {
  "use strict";

  const MARGIN = 0.96;
  const MOVE_MS = 180;

  /* A view of a scene of (height, width) through a pane of (width, height) CSS pixels. */
  sv.makeView = function (changed) {
    const view = { x: 0, y: 0, scale: 1, width: 1, height: 1, sceneWidth: 1, sceneHeight: 1 };
    let move = null;
    let touched = 0;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

    function fitScale() {
      return MARGIN * Math.min(view.width / view.sceneWidth, view.height / view.sceneHeight);
    }

    function bounds() {
      const fit = fitScale();
      return { least: fit / 2, most: Math.max(40, 4 * fit) };
    }

    /* Keep the scene in sight. */
    function keep(target) {
      const { least, most } = bounds();
      target.scale = Math.min(most, Math.max(least, target.scale));
      target.x = Math.min(view.sceneWidth, Math.max(0, target.x));
      target.y = Math.min(view.sceneHeight, Math.max(0, target.y));
      return target;
    }

    function set(target) {
      const zoomed = target.scale !== view.scale;
      Object.assign(view, keep({ x: view.x, y: view.y, scale: view.scale, ...target }));
      if (zoomed) touched = performance.now();
      changed();
    }

    function jump(target) {
      move = null;
      set(target);
      touched = 0;
    }

    function glide(target) {
      if (calm.matches) return jump(target);
      const from = { x: view.x, y: view.y, scale: view.scale };
      move = { from, to: keep({ ...from, ...target }), begun: performance.now() };
      changed();
    }

    /* Where a movement ends, or where the view is. */
    function goal() {
      return move === null ? { x: view.x, y: view.y, scale: view.scale } : move.to;
    }

    /* Go on with a movement. The point that stays in place does so all the while. */
    function step(now) {
      if (move === null) return;
      const part = Math.min(1, Math.max(0, (now - move.begun) / MOVE_MS));
      if (part === 1) return jump(move.to);
      const { from, to } = move;
      const eased = 1 - (1 - part) ** 3;
      const scale = from.scale * (to.scale / from.scale) ** eased;
      const gone = Math.abs(to.scale / from.scale - 1) < 1e-6
        ? eased
        : (1 / scale - 1 / from.scale) / (1 / to.scale - 1 / from.scale);
      set({ x: from.x + (to.x - from.x) * gone, y: from.y + (to.y - from.y) * gone, scale });
    }

    /* The target that zooms by a factor, with the point at (x, y) of the pane staying there. */
    function zoomed(factor, x, y) {
      const from = goal();
      const { least, most } = bounds();
      const scale = Math.min(most, Math.max(least, from.scale * factor));
      const part = 1 / from.scale - 1 / scale;
      return {
        x: from.x + (x - view.width / 2) * part,
        y: from.y + (y - view.height / 2) * part,
        scale,
      };
    }

    return {
      get: () => view,
      step,
      jump,
      set: (target) => {
        move = null;
        set(target);
      },
      glide,
      zoomed,
      fitted: () => ({ x: view.sceneWidth / 2, y: view.sceneHeight / 2, scale: fitScale() }),
      by: (dx, dy) => {
        const from = goal();
        return { x: from.x + dx / from.scale, y: from.y + dy / from.scale, scale: from.scale };
      },
      /* Whether the scene is seen whole, so that there is nowhere to pan to. */
      whole: () => view.scale <= fitScale() * 1.001,
      least: () => view.scale <= bounds().least * 1.001,
      moving: () => move !== null,
      /* Whether the scale is still changing, so that tiles of it would be of no use. */
      zooming: (now) => move !== null || now - touched < 120,
      box: (box) => {
        const [left, top, right, bottom] = box;
        const wide = view.width / Math.max(1e-6, right - left);
        const high = view.height / Math.max(1e-6, bottom - top);
        const scale = 0.7 * Math.min(wide, high);
        return { x: (left + right) / 2, y: (top + bottom) / 2, scale };
      },
      toScene: (x, y) => ({
        x: view.x + (x - view.width / 2) / view.scale,
        y: view.y + (y - view.height / 2) / view.scale,
      }),
    };
  };
})((window.sceneViewer ||= {}));
