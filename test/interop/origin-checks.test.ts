/** The samples of origin checks in Python, PHP and Go, each run by its own interpreter against everything that an origin may meet. */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { APPLICATION, misjudged, stageCompany } from "../support/origin-check-cases.ts";
import { requireOriginCheckTools } from "./support-debian.ts";

const SAMPLES = join(import.meta.dirname, "../../docs/origin-checks");
const folder = mkdtempSync(join(tmpdir(), "vestibule-origin-checks-"));

/** Programs that read a JSON list of assertions and write the list of subjects. Arguments: company, application. */
const PYTHON = `
import json, sys
sys.path.insert(0, ${JSON.stringify(SAMPLES)})
sys.dont_write_bytecode = True
from identity import IdentityCheck
check = IdentityCheck(sys.argv[1], sys.argv[2])
print(json.dumps([(check(one) or {}).get("sub") for one in json.load(sys.stdin)]))
`;
const PHP = `
require ${JSON.stringify(join(SAMPLES, "identity.php"))};
$check = new IdentityCheck($argv[1], $argv[2], ${JSON.stringify(folder)} . '/keys-' . md5($argv[1]));
echo json_encode(array_map(fn ($one) => $check($one)['sub'] ?? null, json_decode(stream_get_contents(STDIN))));
`;
const GO = `package main

import (
	"encoding/json"
	"os"
	"tried/identity"
)

func main() {
	check := &identity.Check{Company: os.Args[1], Application: os.Args[2]}
	var assertions []*string
	if err := json.NewDecoder(os.Stdin).Decode(&assertions); err != nil {
		panic(err)
	}
	subjects := []*string{}
	for _, one := range assertions {
		text, subject := "", (*string)(nil)
		if one != nil {
			text = *one
		}
		if claims, err := check.Verify(text); err == nil {
			subject = &claims.Subject
		}
		subjects = append(subjects, subject)
	}
	json.NewEncoder(os.Stdout).Encode(subjects)
}
`;

function run(program: string, args: readonly string[], input = "", cwd = folder): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" };
    const child = execFile(program, args, { cwd, env }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    child.stdin?.end(input);
  });
}

beforeAll(async () => {
  requireOriginCheckTools();
  mkdirSync(join(folder, "identity"));
  copyFileSync(join(SAMPLES, "identity.go"), join(folder, "identity/identity.go"));
  writeFileSync(join(folder, "go.mod"), "module tried\n\ngo 1.19\n");
  writeFileSync(join(folder, "main.go"), GO);
  await run("go", ["build", "-o", "tried"]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ["Python", "/usr/bin/python3", ["-c", PYTHON]],
  ["PHP", "php", ["-r", PHP, "--"]],
  ["Go", join(folder, "tried"), []],
] as const)(
  "The %s sample believes good assertions and no others, asks for the keys once, and nothing without them",
  async (_language, program, args) => {
    const company = await stageCompany();
    const judge = async (url: string) => {
      const assertions = JSON.stringify(company.cases.map(({ assertion }) => assertion));
      return JSON.parse(await run(program, [...args, url, APPLICATION], assertions)) as (string | null)[];
    };
    const subjects = await judge(company.url);
    expect(misjudged(company.cases, subjects)).toEqual([]);
    expect(company.asked()).toBe(1);
    company.close();
    expect(await judge("http://127.0.0.1:9")).toEqual(company.cases.map(() => null));
  },
);
