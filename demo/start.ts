/** `npm start`: everything on this machine, the links to open, and one Ctrl-C that ends it all. */
import { once } from "node:events";
import { type Demo, DemoFault, startDemo } from "./demo.ts";

const DEFAULT_PORT = 8787;
const PARENT_CHECK_MS = 300;
const PORT_MAX = 65_535 - 2;

const colourful = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code: number, text: string) => (colourful ? `\u001b[${code}m${text}\u001b[0m` : text);
const bold = (text: string) => paint(1, text);
const dim = (text: string) => paint(2, text);

function wantedPort(): number {
  const text = process.env.PORT ?? "";
  if (text === "") return DEFAULT_PORT;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > PORT_MAX) {
    throw new DemoFault(`PORT must be a number from 1 to ${PORT_MAX}, not "${text}".`);
  }
  return port;
}

function panel(demo: Demo): string {
  const link = (url: string) => paint(36, url);
  return `
  ${bold("Vestibule is running.")} Everything is on this machine; nothing leaves it.

  ${bold("Sign in")}            ${link(`${demo.companyUrl}/`)}
                     Pick Britta Simon: she is created, signed in, and sees the pictures.
  ${bold("Open a deep link")}   ${link(`${demo.companyUrl}/assets/17?view=large#details`)}
                     In a private window: after signing in you are on that very page.
  ${bold("Be refused")}         Pick Dan Whitfield, the meeting room, or Cancel, and read the page.
  ${bold("Who am I?")}          ${link(`${demo.companyUrl}/identity`)}
                     What the origin is told of you, and whether the proof verifies.
  ${bold("Administer")}         ${link(`${demo.companyUrl}/sso/admin`)}
                     Pick Ada Marsh: settings, people, and why Dan was refused.
  ${bold("Sign out")}           ${link(`${demo.companyUrl}/sso/logout`)}

  ${dim("Metadata")}           ${demo.companyUrl}/sso/metadata
  ${dim("REST API")}           ${demo.adminUrl}/api/v1  ${dim("(the token is OPERATOR_TOKEN in .dev.vars)")}
  ${dim("Identity provider")}  ${demo.identityProviderUrl}
  ${dim("Origin")}             ${demo.originUrl}

  ${dim("Ctrl-C ends everything.")}
`;
}

/** npm runs us below a shell, and a SIGTERM to npm ends that shell without a word to us. */
function whenParentIsGone(leave: () => void): void {
  const parent = process.ppid;
  const check = () => {
    if (process.ppid !== parent) leave();
  };
  setInterval(check, PARENT_CHECK_MS).unref();
}

async function main(): Promise<void> {
  const leaving = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => leaving.abort());
  // Whatever goes wrong, the children end with us; a reader who has gone (`npm start | head`) is such a thing too.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => leaving.abort());
  process.on("uncaughtException", (error) => {
    console.error(error);
    process.exitCode = 1;
    leaving.abort();
  });
  if (process.env.npm_lifecycle_event !== undefined) whenParentIsGone(() => leaving.abort());
  const demo = await startDemo({
    port: wantedPort(),
    stateFolder: process.env.VESTIBULE_STATE ?? null,
    print: (line) => console.log(dim(line)),
    progress: (step) => console.log(dim(`${step} …`)),
    signal: leaving.signal,
  }).catch((error: unknown) => {
    if (leaving.signal.aborted) return null;
    throw error;
  });
  if (demo === null) return;
  console.log(panel(demo));
  if (!leaving.signal.aborted) await Promise.race([demo.ended, once(leaving.signal, "abort")]);
  if (!leaving.signal.aborted) {
    console.error("The gateway ended by itself.");
    process.exitCode = 1;
  }
  await demo.stop();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? `\n${error instanceof DemoFault ? error.message : error.stack}\n` : error);
  process.exitCode = 1;
});
