/** The pages of the asset library. Plain HTML by hono's escaping template. */
import { html } from "hono/html";
import { ASSETS, type Asset } from "./assets.ts";
import { BIG_FILE_BYTES } from "./big-file.ts";
import { type IdentityCheck, nameOf } from "./identity-check.ts";
import type { Received } from "./upload.ts";

type Html = ReturnType<typeof html>;

function frame(title: string, visitor: string | null, body: Html): Html {
  const bar = html`<nav aria-label="Library">
      <a href="/">All pictures</a><a href="/upload">Upload</a><a href="/identity">Who am I?</a>
    </nav>
    <p class="visitor"><bdi>${visitor}</bdi> <a class="button" href="/sso/logout">Sign out</a></p>`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Asset library</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="data:,">
</head>
<body>
<header><a class="brand" href="/">Asset library</a>${visitor === null ? "" : bar}</header>
<main>${body}</main>
</body>
</html>`;
}

export function libraryPage(visitor: string): Html {
  const one = (asset: Asset) => html`<li><a href="/assets/${asset.id}">
    <img src="/pictures/${asset.id}-small.png" width="600" height="400" alt="" loading="lazy">
    <strong>${asset.title}</strong> <span>${asset.place}</span></a></li>`;
  return frame(
    "All pictures",
    visitor,
    html`<h1>All pictures</h1><ul class="grid">${ASSETS.map(one)}</ul>
      <section><h2>Footage</h2>
      <p><a href="/files/expedition-footage.bin" download>expedition-footage.bin</a>, ${BIG_FILE_BYTES / 1024 / 1024} MB, can be fetched in ranges.</p></section>`,
  );
}

export function assetPage(visitor: string, asset: Asset, large: boolean): Html {
  const size = large ? "large" : "small";
  return frame(
    asset.title,
    visitor,
    html`<article class="asset ${size}">
      <h1>${asset.title}</h1>
      <figure>
        <img src="/pictures/${asset.id}-${size}.png" width="${large ? 1500 : 600}" height="${large ? 1000 : 400}" alt="${asset.title}, ${asset.place}">
        <figcaption>${asset.place}, photographed by ${asset.photographer}</figcaption>
      </figure>
      <p class="row">
        <a class="button" href="/assets/${asset.id}${large ? "" : "?view=large#details"}">${large ? "Smaller" : "Larger"}</a>
        <a class="button" href="/pictures/${asset.id}-large.png" download>Download PNG</a>
      </p>
      <section id="details">
        <h2>Details</h2>
        <dl class="facts">
          <dt>Number</dt><dd>${asset.id}</dd>
          <dt>Taken</dt><dd>${asset.taken}</dd>
          <dt>Place</dt><dd>${asset.place}</dd>
          <dt>Licence</dt><dd>${asset.licence}</dd>
        </dl>
      </section>
    </article>`,
  );
}

export function uploadPage(visitor: string, result: Received | "nothing" | null): Html {
  const report =
    result === null
      ? ""
      : result === "nothing"
        ? html`<p role="status" class="note bad">No file arrived. Choose one and try again.</p>`
        : html`<div role="status" class="note"><h2>Arrived whole</h2><dl class="facts">
            <dt>File</dt><dd><bdi>${result.fileName ?? "(no name)"}</bdi></dd>
            <dt>Size</dt><dd>${result.bytes} bytes</dd>
            <dt>SHA-256</dt><dd><code>${result.sha256}</code></dd></dl></div>`;
  return frame(
    "Upload",
    visitor,
    html`<h1>Upload</h1>
      <p>The file is counted and hashed as it arrives, and not kept.</p>
      <form method="post" action="/upload" enctype="multipart/form-data">
        <p><label for="file">File</label> <input id="file" name="file" type="file" required></p>
        <p><button class="button" type="submit">Send</button></p>
      </form>${report}`,
  );
}

const IDENTITY_HEADERS = /^(?:x-vestibule-|x-forwarded-)/;

export function identityPage(headers: Headers, check: IdentityCheck): Html {
  const given = [...headers].filter(([name]) => IDENTITY_HEADERS.test(name));
  const visitor = check.ok ? nameOf(check.claims) : null;
  const rows = given.map(([name, value]) => html`<dt><code>${name}</code></dt><dd><code>${value}</code></dd>`);
  return frame(
    "Who am I?",
    visitor,
    html`<h1>Who am I?</h1>
      ${
        check.ok
          ? html`<p class="note"><strong>The assertion verifies</strong> with a key of the company’s <code>/sso/jwks.json</code>. It says:</p>
            <pre tabindex="0">${JSON.stringify(check.claims, null, 2)}</pre>`
          : html`<p class="note bad"><strong>No identity that can be believed:</strong> ${check.why}.</p>`
      }
      <h2>Headers from the gateway</h2>
      ${given.length === 0 ? html`<p>None.</p>` : html`<dl class="facts wide">${rows}</dl>`}`,
  );
}

export function cameAroundPage(companyUrl: string, why: string): Html {
  return frame(
    "Come in by the door",
    null,
    html`<h1>Come in by the door</h1>
      <p>This is the origin itself. It answers only to requests that the gateway vouches for, and ${why}.</p>
      <p><a class="button" href="${companyUrl}/">Go to the gateway</a></p>`,
  );
}

export function notFoundPage(visitor: string | null): Html {
  return frame(
    "Not found",
    visitor,
    html`<h1>Not found</h1><p>No such thing in this library. <a href="/">All pictures</a></p>`,
  );
}
