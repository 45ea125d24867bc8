/** What these tests need of Debian's packages. Where something is missing they fail and say what to install: here nothing is left out. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

export const SIMPLESAMLPHP = "/usr/share/simplesamlphp";

/** Throws with the line to type. */
export function requireDebianPackages(): void {
  const missing = [
    ...(existsSync(`${SIMPLESAMLPHP}/lib/_autoload.php`) ? [] : ["simplesamlphp"]),
    ...(runs("php", ["-r", "exit(extension_loaded('dom') && extension_loaded('openssl') ? 0 : 1);"])
      ? []
      : ["php-cli", "php-xml"]),
    ...(runs("php", ["-r", "exit(extension_loaded('mbstring') ? 0 : 1);"]) ? [] : ["php-mbstring"]),
    ...(runs("xmllint", ["--version"]) ? [] : ["libxml2-utils"]),
  ];
  if (missing.length > 0) {
    throw new Error(`The interoperability tests need: apt-get install --no-install-recommends ${missing.join(" ")}`);
  }
}

/** Of the samples of origin checks. Throws with the line to type. */
export function requireOriginCheckTools(): void {
  const missing = [
    ...(runs("/usr/bin/python3", ["-c", "import jwt, cryptography"]) ? [] : ["python3-jwt", "python3-cryptography"]),
    ...(runs("php", ["-r", "exit(extension_loaded('openssl') ? 0 : 1);"]) ? [] : ["php-cli"]),
    ...(runs("go", ["version"]) ? [] : ["golang-go"]),
  ];
  if (missing.length > 0) {
    throw new Error(`These tests need: apt-get install --no-install-recommends ${missing.join(" ")}`);
  }
}

function runs(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}
