import { describe, expect, it } from "vitest";
import { RETURN_PATH_CHARS_MAX, safeReturnPath, withFragment } from "../../src/signin/return-path.ts";

const BASE = "https://acme.example.com";

describe("a return path", () => {
  it.each([
    ["//evil.example/", "a scheme-relative address"],
    ["/\\evil.example", "a backslash that browsers read as a slash"],
    ["\\/evil.example", "a leading backslash"],
    ["https://evil.example/", "an absolute address"],
    ["https://acme.example.com@evil.example/", "an address with our host as user name"],
    ["https://acme.example.com.evil.example/", "a host that starts like ours"],
    ["javascript:alert(1)", "a script"],
    ["data:text/html,x", "a data address"],
    ["/\t/evil.example", "a tab that the URL parser removes"],
    ["/\n/evil.example", "a line feed that the URL parser removes"],
    ["\t//evil.example", "a leading tab"],
    ["/ok\r\nSet-Cookie: a=b", "a header in a line break"],
    ["/.//evil.example", "a dot segment that leaves two slashes"],
    ["/x/..//evil.example", "a parent segment that leaves two slashes"],
    ["/%2e//evil.example", "an encoded dot segment that leaves two slashes"],
    ["", "nothing"],
    ["assets/1", "a relative path"],
    ["/sso/logout", "the sign-out"],
    ["/sso/login?return_to=/", "the sign-in itself"],
    ["/sso/../sso/logout", "the sign-out behind a dot segment"],
    ["/sso/logout ", "the sign-out before a blank that the URL parser takes off"],
    [" /assets", "a leading blank"],
    ["/%73so/logout", "the sign-out with a letter encoded"],
    ["/%73%73%6F/login?return_to=/", "the sign-in with letters encoded"],
  ])("%j leads home: %s", (wanted) => {
    expect(safeReturnPath(wanted, BASE)).toBe("/");
  });

  it.each([
    ["/assets/17?view=large&q=%C3%A9#details", "/assets/17?view=large&q=%C3%A9#details"],
    ["/%09/evil.example", "/%09/evil.example"],
    ["/%2f%2fevil.example", "/%2f%2fevil.example"],
    ["/a/../b", "/b"],
    ["/my file.pdf?q=a b#c d", "/my%20file.pdf?q=a%20b#c%20d"],
    ["/ /evil.example", "/%20/evil.example"],
    ["/sso/admin/users?x=1", "/sso/admin/users?x=1"],
    ["/ssontag", "/ssontag"],
    ["/?next=https://evil.example/", "/?next=https://evil.example/"],
  ])("%j stays on this host as %j", (wanted, path) => {
    expect(safeReturnPath(wanted, BASE)).toBe(path);
  });

  it("loses its query, not its path, when both would not fit into a cookie", () => {
    expect(safeReturnPath(`/assets?q=${"x".repeat(RETURN_PATH_CHARS_MAX)}`, BASE)).toBe("/assets");
    expect(safeReturnPath(`/${"x".repeat(RETURN_PATH_CHARS_MAX)}`, BASE)).toBe("/");
  });

  it("always resolves to this host in a browser, whatever was asked", () => {
    const pieces = ["/", "\\", ".", "..", "%2f", "\t", "@", ":", "evil.example", "?", "#", "//", " ", "\u3002", "sso"];
    for (let seed = 0; seed < 5000; seed++) {
      let state = seed + 1;
      const next = () => (state = (state * 48271) % 2147483647);
      const wanted = Array.from({ length: (next() % 6) + 1 }, () => pieces[next() % pieces.length]).join("");
      const path = safeReturnPath(wanted, BASE);
      expect(new URL(path, BASE).origin, JSON.stringify(wanted)).toBe(BASE);
      expect(path).toMatch(/^\/(?!\/)/);
    }
  });
});

describe("a saved fragment", () => {
  it("is joined to the path", () => {
    expect(withFragment("/a?b=1", encodeURIComponent("#details"))).toBe("/a?b=1#details");
  });

  it.each([
    ["%", "not decodable"],
    [encodeURIComponent("evil"), "no fragment"],
    [encodeURIComponent("#"), "an empty one"],
    [encodeURIComponent(`#${"x".repeat(2000)}`), "too long"],
  ])("%j is left out: %s", (saved) => {
    expect(withFragment("/a", saved)).toBe("/a");
  });

  it("can't break out of the Location header or change the path", () => {
    const joined = withFragment("/a", encodeURIComponent("#x\r\nSet-Cookie: a=b\u0000"));
    expect(joined).toMatch(/^\/a#x[!-~]*$/);
  });
});
