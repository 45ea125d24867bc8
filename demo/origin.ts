/**
 * The asset library behind the gateway: what a company's people come for. It trusts nothing but the signed identity assertion, and shows what it
 * was given. Reached directly, without the gateway, it answers 401.
 */
import { Hono } from "hono";
import { assetById } from "./assets.ts";
import { bigFile } from "./big-file.ts";
import { companiesChecker, nameOf, type VisitorClaims } from "./identity-check.ts";
import { assetPage, cameAroundPage, identityPage, libraryPage, notFoundPage, uploadPage } from "./origin-pages.ts";
import { ORIGIN_STYLE } from "./origin-style.ts";
import { paint } from "./pictures.ts";
import { receive } from "./upload.ts";

const SIZES = { small: [600, 400], large: [1500, 1000] } as const;
const SECURITY_HEADERS = {
  "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
  "X-Content-Type-Options": "nosniff",
};

interface OriginEnv {
  Variables: { visitor: VisitorClaims };
}

export function assetLibrary(options: { companyUrl: string; originUrl: string }): Hono<OriginEnv> {
  const check = companiesChecker({ companyUrl: options.companyUrl, audience: options.originUrl });
  const painted = new Map<string, Uint8Array<ArrayBuffer>>();
  const app = new Hono<OriginEnv>();

  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.res.headers.set(name, value);
  });

  app.get("/style.css", (c) =>
    c.body(ORIGIN_STYLE, 200, { "Content-Type": "text/css", "Cache-Control": "max-age=300" }),
  );

  app.get("/identity", async (c) => c.html(identityPage(c.req.raw.headers, await check(c.req.raw))));
  app.get("/identity.json", async (c) => {
    return c.json({ headers: Object.fromEntries(c.req.raw.headers), identity: await check(c.req.raw) });
  });

  app.use(async (c, next) => {
    const identity = await check(c.req.raw);
    if (!identity.ok) return c.html(cameAroundPage(options.companyUrl, identity.why), 401);
    c.set("visitor", identity.claims);
    await next();
  });

  app.get("/", (c) => c.html(libraryPage(nameOf(c.get("visitor")))));
  // An origin knows its own address only; the gateway turns this into the company's.
  app.get("/latest", (c) => c.redirect(`${options.originUrl}/assets/17`, 302));

  app.get("/assets/:id{[0-9]+}", (c) => {
    const asset = assetById(Number(c.req.param("id")));
    if (asset === undefined) return c.html(notFoundPage(nameOf(c.get("visitor"))), 404);
    c.header("Set-Cookie", `last-seen=${asset.id}; Path=/; SameSite=Lax`);
    return c.html(assetPage(nameOf(c.get("visitor")), asset, c.req.query("view") === "large"));
  });

  app.get("/pictures/:name{[0-9]+-(?:small|large)\\.png}", (c) => {
    const name = c.req.param("name");
    const [id, size] = name.replace(".png", "").split("-") as [string, keyof typeof SIZES];
    const asset = assetById(Number(id));
    if (asset === undefined) return c.notFound();
    const [width, height] = SIZES[size];
    const bytes = painted.get(name) ?? Uint8Array.from(paint(asset.scene, width, height));
    painted.set(name, bytes);
    return c.body(bytes, 200, { "Content-Type": "image/png", "Cache-Control": "private, max-age=3600" });
  });

  app.get("/files/expedition-footage.bin", (c) => bigFile(c.req.raw));

  app.get("/upload", (c) => c.html(uploadPage(nameOf(c.get("visitor")), null)));
  app.on(["POST", "PUT"], "/upload", async (c) => {
    const received = await receive(c.req.raw);
    if (!(c.req.header("accept") ?? "").includes("text/html")) return c.json(received, received ? 200 : 400);
    return c.html(uploadPage(nameOf(c.get("visitor")), received ?? "nothing"), received ? 200 : 400);
  });

  app.notFound((c) => c.html(notFoundPage(c.get("visitor") ? nameOf(c.get("visitor")) : null), 404));
  return app;
}
