// Draws meshes with WebGL, or with an ordinary canvas where there is no WebGL.

/** @typedef {{rotation: number[], center: number[], radius: number, zoom: number}} View */

const VERTEX_SHADER = `
attribute vec3 position;
attribute vec3 normal;
attribute vec4 color;
uniform mat3 rotation;
uniform vec3 center;
uniform vec3 scale;
varying vec3 facing;
varying vec3 paint;
varying float height;
void main() {
  vec3 seen = rotation * (position - center);
  facing = rotation * normal;
  paint = color.rgb;
  height = seen.z * scale.z;
  gl_Position = vec4(seen.xy * scale.xy, -0.45 * height, 1.0);
}`;

// What lies behind fades into the background: into transparency.
const FRAGMENT_SHADER = `
precision mediump float;
varying vec3 facing;
varying vec3 paint;
varying float height;
void main() {
  vec3 n = normalize(facing);
  if (!gl_FrontFacing) n = -n;
  float light = 0.35 + 0.65 * abs(dot(n, normalize(vec3(0.3, 0.5, 1.0))));
  float shine = pow(max(dot(n, normalize(vec3(0.2, 0.35, 1.0))), 0.0), 40.0);
  float opacity = 1.0 - clamp(0.25 - 0.45 * height, 0.0, 0.6);
  gl_FragColor = vec4(min(paint * light + 0.25 * shine, 1.0) * opacity, opacity);
}`;

/**
 * The one WebGL context of a page. Browsers drop the oldest of some 16 contexts, so all molecules
 * are drawn here and copied to their own canvas.
 */
export class Renderer {
  /** The renderer of this page, or null if there is no WebGL. */
  static shared() {
    if (Renderer.instance === undefined) {
      const canvas = document.createElement("canvas");
      const gl = canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });
      Renderer.instance = gl ? new Renderer(gl) : null;
    }
    const renderer = Renderer.instance;
    return renderer && !renderer.gl.isContextLost() ? renderer : null;
  }

  constructor(gl) {
    this.gl = gl;
    /** Grows when the context comes back after a loss: buffers from before are gone. */
    this.generation = 0;
    gl.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    gl.canvas.addEventListener("webglcontextrestored", () => this.prepare());
    this.prepare();
  }

  prepare() {
    const gl = this.gl;
    this.generation++;
    this.program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX_SHADER],
      [gl.FRAGMENT_SHADER, FRAGMENT_SHADER],
    ]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(this.program, shader);
    }
    gl.linkProgram(this.program);
    if (!gl.getProgramParameter(this.program, gl.LINK_STATUS)) {
      throw new Error(gl.getProgramInfoLog(this.program));
    }
    gl.useProgram(this.program);
    gl.enable(gl.DEPTH_TEST);
    gl.getExtension("OES_element_index_uint");
  }

  /** Send a mesh to the graphics card, into the buffers of an earlier one if there are any. */
  upload(mesh, buffers) {
    const gl = this.gl;
    if (buffers?.generation !== this.generation) {
      buffers = { generation: this.generation };
      for (const name of ["position", "normal", "color", "index"]) buffers[name] = gl.createBuffer();
    }
    const send = (target, buffer, data) => {
      gl.bindBuffer(target, buffer);
      gl.bufferData(target, data, gl.DYNAMIC_DRAW);
    };
    send(gl.ARRAY_BUFFER, buffers.position, mesh.positions.subarray(0, 3 * mesh.pointCount));
    send(gl.ARRAY_BUFFER, buffers.normal, mesh.normals.subarray(0, 3 * mesh.pointCount));
    send(gl.ARRAY_BUFFER, buffers.color, mesh.colors.subarray(0, 4 * mesh.pointCount));
    send(gl.ELEMENT_ARRAY_BUFFER, buffers.index, mesh.indices.subarray(0, mesh.indexCount));
    buffers.count = mesh.indexCount;
    return buffers;
  }

  /** Give the buffers of a mesh back. */
  release(buffers) {
    if (buffers?.generation !== this.generation) return;
    for (const name of ["position", "normal", "color", "index"]) this.gl.deleteBuffer(buffers[name]);
  }

  /**
   * Draw uploaded triangles, and copy the picture to a canvas.
   * @param {CanvasRenderingContext2D} target
   * @param {object} buffers from `upload`
   * @param {View} view
   */
  draw(target, buffers, view) {
    const gl = this.gl;
    const { width, height } = target.canvas;
    // The shared canvas only grows: changing its size is slow.
    if (gl.canvas.width < width) gl.canvas.width = width;
    if (gl.canvas.height < height) gl.canvas.height = height;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const scale = (Math.min(width, height) * view.zoom) / view.radius;
    const place = (name) => gl.getUniformLocation(this.program, name);
    gl.uniformMatrix3fv(place("rotation"), false, view.rotation);
    gl.uniform3fv(place("center"), view.center);
    gl.uniform3f(place("scale"), scale / width, scale / height, 1 / view.radius);
    for (const [name, size, type, normalized] of [
      ["position", 3, gl.FLOAT, false],
      ["normal", 3, gl.FLOAT, false],
      ["color", 4, gl.UNSIGNED_BYTE, true],
    ]) {
      const attribute = gl.getAttribLocation(this.program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
      gl.enableVertexAttribArray(attribute);
      gl.vertexAttribPointer(attribute, size, type, normalized, 0, 0);
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.index);
    gl.drawElements(gl.TRIANGLES, buffers.count, gl.UNSIGNED_INT, 0);
    const top = gl.canvas.height - height;
    target.drawImage(gl.canvas, 0, top, width, height, 0, 0, width, height);
  }
}
