// The page of `duologue run --report html=…` as people use it, in a real browser, from the disk.
//
// DUOLOGUE names the binary. NODE_PATH or a node_modules folder above has playwright-core.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const require = createRequire(process.env.PLAYWRIGHT_FROM ?? import.meta.url);
const { chromium } = require("playwright-core");

const here = dirname(fileURLToPath(import.meta.url));
const binary = process.env.DUOLOGUE ?? join(here, "../../../target/release/duologue");
const folder = mkdtempSync(join(tmpdir(), "duologue-report-"));
const pages = { failing: join(folder, "failing.html"), passing: join(folder, "passing.html"), matrix: join(folder, "matrix.html") };
let browser;

function run(name, args, code) {
  const report = ["--report", `html=${pages[name]}`, "--report", `json=${join(folder, name)}.json`];
  const done = spawnSync(binary, ["run", ...args, ...report], { encoding: "utf8", cwd: folder });
  assert.equal(done.status, code, done.stdout + done.stderr);
}

before(async () => {
  run("failing", ["--fixtures", join(here, "../data/failing")], 1);
  run("passing", [], 0);
  const reports = ["failing", "passing"].map((name) => `${join(folder, name)}.json`);
  execFileSync(binary, ["matrix", "--html", pages.matrix, ...reports]);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/// Opens a page and fails the test on any complaint of the console and any request but the first.
async function open(t, name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  const url = String(pathToFileURL(pages[name]));
  page.on("request", (request) => {
    const asked = request.url().split("#")[0];
    if (asked !== url && !asked.startsWith("data:")) complaints.push(`asked for ${asked}`);
  });
  await page.goto(url);
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });
  return page;
}

const shown = (page, selector) => page.locator(`${selector}:visible`).count();

test("a verdict, a chapter and words filter scenarios and requirements", async (t) => {
  const page = await open(t, "failing");
  assert.equal(await shown(page, ".failure"), 12);
  await page.getByRole("button", { name: "Warned" }).click();
  assert.equal(await shown(page, ".failure"), 1);
  assert.equal(await page.getByRole("button", { name: "Warned" }).getAttribute("aria-pressed"), "true");
  await page.getByRole("button", { name: "All" }).click();
  await page.getByLabel("Chapter").selectOption("offline");
  assert.equal(await shown(page, ".failure"), 2);
  assert.match(await page.getByRole("status").textContent(), /^2 scenarios, \d+ requirements$/);
  await page.getByLabel("Search").fill("WAIT three");
  assert.equal(await shown(page, ".failure"), 1);
  assert.equal(await shown(page, "#offline-wrong-count"), 1);
  await page.getByLabel("Search").fill("nothing has these words");
  await page.getByRole("button", { name: "Show everything" }).click();
  assert.equal(await shown(page, ".failure"), 12);
});

test("a failure opens and shows rule, diff, diagram, transcript and commands", async (t) => {
  const page = await open(t, "failing");
  const failure = page.locator("#offline-wrong-path");
  assert.equal(await failure.locator(".diff").first().isVisible(), false);
  await failure.locator("> summary").click();
  await failure.getByText("MUST enter that user's mailbox").waitFor();
  assert.match(await failure.locator(".diff").last().textContent(), /"offline"\s*"live"/);
  assert.equal(await failure.locator("svg.sequence .event").count() > 0, true);
  await failure.getByText("Transcript, secrets removed").click();
  assert.match(await failure.locator("pre").textContent(), /alice\.phone: POST \/v1\/messages/);
  await failure.getByRole("button", { name: "Copy" }).first().click();
  await failure.getByRole("button", { name: "Copied" }).waitFor();
});

test("links lead from a scenario to its requirement and back, whatever is filtered", async (t) => {
  const page = await open(t, "failing");
  await page.locator("#offline-wrong-count > summary").click();
  await page.locator("#requirements").scrollIntoViewIfNeeded();
  await page.locator("#offline-wrong-count .rule a", { hasText: "OFF-004" }).click();
  assert.equal(await page.evaluate(() => location.hash), "#OFF-004");
  await page.getByLabel("Search").fill("OFF-004 MUST drop");
  await page.getByRole("button", { name: "Warned" }).click();
  await page.evaluate(() => { location.hash = ""; location.hash = "#OFF-004"; });
  const row = page.locator("tr#OFF-004");
  await row.waitFor();
  await page.waitForFunction(() => document.activeElement?.closest("tr")?.id === "OFF-004");
  await row.locator("a", { hasText: "offline-wrong-count" }).click();
  await page.waitForFunction(() => document.querySelector("#offline-wrong-count").open);
  assert.equal(await page.getByLabel("Search").inputValue(), "");
});

test("everything can be reached and used with the keyboard alone", async (t) => {
  const page = await open(t, "failing");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the results");
  assert.equal(await page.locator(".skip").evaluate((link) => link.getBoundingClientRect().left >= 0), true);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const first = page.locator(".failure").first();
  assert.equal(await first.locator("> summary").evaluate((summary) => summary === document.activeElement), true);
  const outline = await first.locator("> summary").evaluate((summary) => getComputedStyle(summary).outlineStyle);
  assert.equal(outline, "solid");
  await page.keyboard.press("Enter");
  assert.equal(await first.getAttribute("open"), "");
  await page.keyboard.press("Tab");
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("href")), /^#[A-Z]{3}-\d{3}$/);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.closest("tr"));
});

test("nothing is wider than a telephone, open or closed, light or dark", async (t) => {
  for (const name of ["failing", "passing", "matrix"]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(t, name, { viewport: { width: 400, height: 800 }, colorScheme });
      await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
      const widest = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(widest <= 400, true, `${name} is ${widest} px wide`);
    }
  }
});

test("text and its ground are far enough apart in both colour schemes", async (t) => {
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(t, "failing", { colorScheme });
    const colours = await page.evaluate(() => {
      const probe = document.createElement("i");
      document.body.append(probe);
      const read = (name) => {
        probe.style.color = `var(--${name})`;
        return getComputedStyle(probe).color.match(/\d+/g).map(Number);
      };
      const names = ["ink", "quiet", "accent", "pass", "fail", "warn", "open", "na", "known"];
      const found = { grounds: ["paper", "card", "code"].map(read), texts: Object.fromEntries(names.map((name) => [name, read(name)])) };
      probe.remove();
      return found;
    });
    for (const [name, text] of Object.entries(colours.texts)) {
      for (const ground of colours.grounds) {
        const [low, high] = [luminance(text), luminance(ground)].sort((a, b) => a - b);
        const contrast = (high + 0.05) / (low + 0.05);
        assert.equal(contrast >= 4.5, true, `${name} on ${ground} in ${colorScheme}: ${contrast.toFixed(2)}`);
      }
    }
  }
});

test("without scripts everything is there, and print hides what only works on a screen", async (t) => {
  const page = await open(t, "failing", { javaScriptEnabled: false });
  assert.equal(await shown(page, ".failure"), 12);
  assert.equal(await shown(page, "#tools"), 0);
  assert.equal(await shown(page, "[data-copy]"), 0);
  await page.locator("#http-raw > summary").click();
  assert.match(await page.locator("#http-raw .command code").first().textContent(), /^printf 'GET /);
  const printed = await open(t, "failing");
  await printed.emulateMedia({ media: "print" });
  assert.equal(await shown(printed, "#tools"), 0);
});

test("a whole passing run is quick to use", async (t) => {
  const page = await open(t, "passing");
  assert.equal(await shown(page, ".failure"), 0);
  assert.equal(await shown(page, ".scenarios li") >= 500, true);
  await page.getByLabel("Search").fill("six-step");
  await page.waitForFunction(() => document.querySelectorAll(".scenarios li:not([hidden])").length < 5);
});
