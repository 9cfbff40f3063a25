/* The canvas: the picture, the result's tiles above it, marks on top. */
(function (sv) {
  "use strict";

  /* Time for tiles in a frame, in milliseconds: less while something moves. */
  const BUSY_MS = 6;
  const IDLE_MS = 11;
  const GROUND = "#20262c";
  const SHARP_FROM = 3;

  sv.makeStage = function (model, canvas) {
    const context = canvas.getContext("2d", { alpha: false });
    const tiles = sv.makeTiles();
    const view = sv.makeView(() => request());
    const hooks = [];
    let asked = false;
    let held = false;
    let printing = false;
    let ratio = 1;
    let fitted = true;
    let frames = 0;
    let stale = true;

    function request() {
      stale = true;
      if (!asked) {
        asked = true;
        requestAnimationFrame(frame);
      }
    }

    /* Panes in CSS pixels: where they begin and whether the result is in them. */
    function panes() {
      const width = canvas.width / ratio;
      if (model.state.mode !== "beside") return [{ x: 0, width, result: true }];
      const half = Math.floor(width / 2);
      return [{ x: 0, width: half, result: false }, { x: width - half, width: half, result: true }];
    }

    function measure() {
      const here = model.scene();
      const size = { width: panes()[0].width, height: canvas.height / ratio };
      if (here !== null) Object.assign(size, { sceneWidth: here.width, sceneHeight: here.height });
      Object.assign(view.get(), size);
    }

    /* The canvas's size changed. The screen's pixels are given, so that none is blurred. */
    function resize(width, height, pixels) {
      ratio = pixels;
      canvas.width = Math.max(1, width);
      canvas.height = Math.max(1, height);
      measure();
      if (fitted) fit(false);
      else view.set({});
      draw();
    }

    function fit(gliding) {
      const target = view.fitted();
      if (gliding) view.glide(target);
      else view.jump(target);
      fitted = true;
    }

    /* Where the scene's corner lies in a pane, in the screen's pixels. */
    function corner(pane) {
      const now = view.get();
      const scale = now.scale * ratio;
      return {
        scale,
        left: Math.round((pane.x + pane.width / 2) * ratio - now.x * scale),
        top: Math.round(canvas.height / 2 - now.y * scale),
      };
    }

    function drawPicture(pane, place) {
      const here = model.scene();
      const width = here.width * place.scale;
      const height = here.height * place.scale;
      context.fillStyle = "#39424b";
      context.fillRect(place.left, place.top, width, height);
      const row = here.picture(model.pictureNumber());
      if (row === null || row.picture === null) return;
      const zoom = width / row.width;
      const left = Math.max(0, Math.floor((pane.x * ratio - place.left) / zoom));
      const top = Math.max(0, Math.floor(-place.top / (height / row.height)));
      const right = Math.min(row.width, Math.ceil(((pane.x + pane.width) * ratio - place.left) / zoom));
      const down = height / row.height;
      const bottom = Math.min(row.height, Math.ceil((canvas.height - place.top) / down));
      if (right <= left || bottom <= top) return;
      context.imageSmoothingEnabled = zoom < SHARP_FROM;
      context.drawImage(
        row.picture, left, top, right - left, bottom - top,
        place.left + left * zoom, place.top + top * down, (right - left) * zoom, (bottom - top) * down);
      context.imageSmoothingEnabled = true;
    }

    /* Tell the tiles what is wanted of them. */
    function turn(place, pane) {
      const unit = Math.min(4, Math.max(1, Math.round(ratio)));
      const style = model.style(unit);
      const now = performance.now();
      const apart = tiles.scale === null ? Infinity : Math.abs(Math.log2(place.scale / tiles.scale));
      if (tiles.style !== style.key || apart > 1.2 || (apart > 0 && !view.zooming(now))) {
        tiles.turn(style, place.scale, model.drawn(), model.paintsFor(unit));
      }
      const part = tiles.scale / place.scale;
      const here = model.scene();
      tiles.want({
        left: (pane.x * ratio - place.left) * part,
        right: ((pane.x + pane.width) * ratio - place.left) * part,
        top: -place.top * part,
        bottom: (canvas.height - place.top) * part,
      }, here.width * tiles.scale, here.height * tiles.scale);
    }

    /* Where the result begins when it is swiped, in the screen's pixels. */
    function splitAt() {
      return model.state.mode === "swipe" ? Math.round(model.state.split * canvas.width) : 0;
    }

    function drawResult(pane, place) {
      const left = Math.max(Math.round(pane.x * ratio), splitAt());
      context.save();
      context.beginPath();
      context.rect(left, 0, (pane.x + pane.width) * ratio - left, canvas.height);
      context.clip();
      context.globalAlpha = model.state.opacity;
      tiles.draw(context, place.scale, place.left, place.top, canvas.width, canvas.height);
      context.restore();
    }

    /* Lines that are seen on any ground: dark under light. */
    function stroke(path, dash) {
      context.lineWidth = 4 * ratio;
      context.strokeStyle = "rgb(0 0 0 / 0.75)";
      context.setLineDash([]);
      context.stroke(path);
      context.lineWidth = 2 * ratio;
      context.strokeStyle = "#ffffff";
      context.setLineDash(dash.map((length) => length * ratio));
      context.stroke(path);
      context.setLineDash([]);
    }

    function drawMarks(pane, place) {
      if (model.state.mark !== null) {
        const [left, top, right, bottom] = model.state.mark.map((value) => value * place.scale);
        const path = new Path2D();
        path.rect(place.left + left, place.top + top, right - left, bottom - top);
        stroke(path, [8, 6]);
      }
      if (!printing && canvas.matches(":focus-visible")) {
        const x = Math.round((pane.x + pane.width / 2) * ratio);
        const y = Math.round(canvas.height / 2);
        const path = new Path2D();
        for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
          path.moveTo(x + 4 * ratio * dx, y + 4 * ratio * dy);
          path.lineTo(x + 13 * ratio * dx, y + 13 * ratio * dy);
        }
        stroke(path, []);
      }
    }

    function draw() {
      frames += 1;
      stale = false;
      context.fillStyle = GROUND;
      context.fillRect(0, 0, canvas.width, canvas.height);
      if (model.scene() === null) return;
      for (const pane of panes()) {
        const place = corner(pane);
        context.save();
        context.beginPath();
        context.rect(pane.x * ratio, 0, pane.width * ratio, canvas.height);
        context.clip();
        drawPicture(pane, place);
        if (pane.result) {
          turn(place, pane);
          drawResult(pane, place);
        }
        drawMarks(pane, place);
        context.restore();
      }
      hooks.forEach((hook) => hook());
    }

    function frame(now) {
      asked = false;
      view.step(now);
      if (stale) draw();
      const busy = held || view.moving();
      const done = tiles.work(performance.now() + (busy ? BUSY_MS : IDLE_MS));
      if (done || view.moving() || view.zooming(performance.now())) request();
      else if (tiles.busy && !asked) {
        asked = true;
        requestAnimationFrame(frame);
      }
    }

    return {
      canvas, view, panes, resize, request, measure, fit,
      forget: () => tiles.forget(),
      onDraw: (hook) => hooks.push(hook),
      /* Someone moves the view by hand from now on, or no longer. */
      hold: (now) => {
        held = now;
      },
      /* Paper shows no cross: there is nothing to choose on it. */
      print: (now) => {
        printing = now;
        draw();
      },
      free: () => {
        fitted = false;
      },
      tiles,
      get frames() { return frames; },
      get settled() {
        return !asked && !stale && tiles.waiting === 0 && tiles.scale !== null;
      },
    };
  };
})((window.sceneViewer ||= {}));
