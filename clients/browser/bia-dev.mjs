#!/usr/bin/env node
// A stranger at a server that was started by `bia serve --dev` and nothing else: signs up, confirms the address by the
// code from the inbox page, signs in and out, changes the password and recovers it. Everything is found as a reader finds
// it, by labels and words; nothing is read from the server but its pages. Each journey is walked twice, with and without
// JavaScript, and every page on the way is looked at: headings, labels, what the browser complains about, where it asks.
import { randomBytes } from "node:crypto"
import { chromium } from "playwright-core"
import { Tally, args } from "../node/tools.mjs"

const opt = args({
  public: "http://127.0.0.1:4433",
  chromium: process.env.CHROMIUM || "/usr/bin/chromium",
  only: "",
  shots: "", // folder for a picture of every page
})
const base = opt.public.replace(/\/$/, "")
const t = new Tally(opt.only, true)
const PATIENCE = 15000

const browser = await chromium.launch({
  executablePath: opt.chromium,
  args: [
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
  ],
})

const password = () => "Kp" + randomBytes(9).toString("base64url") + "7!"

class Stranger {
  static async come(scripts, name) {
    const s = new Stranger()
    s.email = `user-${randomBytes(6).toString("hex")}@example.org`
    s.password = password()
    s.label = name.replace(/\W+/g, "-")
    s.pictures = 0
    s.complaints = []
    s.context = await browser.newContext({ javaScriptEnabled: scripts })
    s.page = await s.context.newPage()
    s.page.setDefaultTimeout(PATIENCE)
    s.page.on("console", (m) => m.type() === "error" && s.complaints.push(m.text()))
    s.page.on("pageerror", (e) => s.complaints.push(e.message))
    s.context.on("request", (r) => {
      if (/^https?:/.test(r.url()) && !r.url().startsWith(`${base}/`)) s.complaints.push(`asked ${r.url()}`)
    })
    return s
  }
  async open(path) {
    await this.page.goto(base + path)
  }
  // Waits for the page with this heading, and looks at it.
  async at(heading) {
    await this.page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor()
    const html = await this.page.content()
    const problems = []
    if ((html.match(/<h1/g) ?? []).length !== 1) problems.push("not one main heading")
    if (!/<html lang="en"/.test(html)) problems.push("no language")
    const fields = this.page.locator("input:not([type=hidden]):visible, select:visible")
    for (let i = 0; i < (await fields.count()); i++) {
      const id = await fields.nth(i).getAttribute("id")
      if (!(await this.page.locator(`label[for="${id}"]:visible`).count())) problems.push(`field ${id} has no label`)
    }
    if (opt.shots) {
      const file = `${this.label}-${String(++this.pictures).padStart(2, "0")}.png`
      await this.page.screenshot({ path: `${opt.shots}/${file}`, fullPage: true })
    }
    t.eq([...problems, ...this.complaints.splice(0)], [], `"${heading}" is shown and in order`)
  }
  async fill(label, text) {
    await this.page.getByLabel(label).fill(text)
  }
  async press(name) {
    await this.page.getByRole("button", { name, exact: true }).click()
  }
  async follow(name) {
    await this.page.getByRole("link", { name, exact: true }).click()
  }
  async reads(text, what) {
    const found = await this.page.getByText(text).first().waitFor().then(() => true, () => false)
    t.ok(found, what, found ? undefined : (await this.page.locator("main").innerText()).replace(/\s+/g, " ").slice(0, 300))
  }
  // The newest code for this person, read in another tab. The link to the inbox stands on the page that asks for the code.
  async code() {
    const href = await this.page.getByRole("link", { name: /inbox/i }).first().getAttribute("href")
    const tab = await this.context.newPage()
    await tab.goto(href)
    const letter = tab.locator("article", { hasText: this.email }).first()
    await letter.waitFor()
    const code = (await letter.locator(".pin").first().innerText()).trim()
    if (opt.shots) await tab.screenshot({ path: `${opt.shots}/${this.label}-inbox.png`, fullPage: true })
    await tab.close()
    return code
  }
  async signUp() {
    await this.open("/ui/")
    await this.at("Welcome")
    await this.follow("Create an account")
    await this.at("Create an account")
    await this.fill("E-mail", this.email)
    await this.fill("Name", "Ada King")
    await this.press("Sign up")
    await this.at("One more thing")
    await this.fill("Password", this.password)
    await this.press("Sign up")
    await this.at("Enter your code")
  }
  async signOut() {
    await this.open("/ui/")
    await this.follow("Sign out")
    await this.reads("You are not signed in.", "signed out")
  }
  async signIn() {
    await this.open("/ui/login")
    await this.at("Sign in")
    await this.fill("E-mail", this.email)
    await this.fill("Password", this.password)
    await this.page.keyboard.press("Enter")
  }
  async isHome() {
    await this.at("Welcome")
    await this.reads(`Ada King (${this.email})`, "signed in")
  }
}

for (const scripts of [true, false]) {
  const how = scripts ? "with JavaScript" : "without JavaScript"
  const journey = (name, fn) => t.journey(`${name}, ${how}`, async () => {
    const s = await Stranger.come(scripts, `${name} ${how}`)
    try {
      await fn(s)
    } catch (e) {
      console.log(`    at ${s.page.url().replace(/\?.*/, "")}`)
      console.log("    page says: " + (await s.page.locator("body").innerText().catch(() => "")).replace(/\s+/g, " ").slice(0, 400))
      throw e
    } finally {
      await s.context.close()
    }
  })

  await journey("a stranger signs up and confirms the address", async (s) => {
    const good = s.password
    s.password = "short"
    await s.open("/ui")
    await s.at("Welcome")
    await s.follow("Create an account")
    await s.at("Create an account")
    await s.fill("E-mail", s.email)
    await s.press("Sign up")
    await s.at("One more thing")
    await s.fill("Password", s.password)
    await s.press("Sign up")
    await s.reads(/at least 8/, "a short password is refused, and the page says why")
    await s.at("One more thing")
    s.password = good
    await s.fill("Password", s.password)
    await s.press("Sign up")
    await s.at("Enter your code")
    const code = await s.code()
    await s.fill("Verification code", code === "000000" ? "111111" : "000000")
    await s.page.keyboard.press("Enter")
    await s.reads(/code is wrong/, "a wrong code is refused, and the page says so")
    await s.fill("Verification code", code)
    await s.page.keyboard.press("Enter")
    await s.at("Thank you")
    await s.follow("Continue")
    await s.at("Welcome")
    await s.reads(s.email, "signed in")
  })

  await journey("the link in the mail confirms the address, too", async (s) => {
    await s.signUp()
    const inbox = await s.page.getByRole("link", { name: /inbox/i }).first().getAttribute("href")
    await s.page.goto(inbox)
    await s.at("Inbox")
    await s.page.locator("article", { hasText: s.email }).first().getByRole("link").first().click()
    await s.at("Enter your code")
    await s.press("Continue")
    await s.at("Thank you")
  })

  await journey("signing out and in again", async (s) => {
    await s.signUp()
    await s.signOut()
    const good = s.password
    s.password = password()
    await s.signIn()
    await s.reads(/is wrong/, "a wrong password is refused, and the page says so")
    await s.at("Sign in")
    s.password = good
    await s.fill("Password", good)
    await s.press("Sign in with password")
    await s.isHome()
    await s.reads("this browser", "the session is listed")
    await s.open("/ui/login")
    await s.isHome()
  })

  await journey("changing name and password", async (s) => {
    await s.signUp()
    await s.open("/ui/")
    await s.follow("Account settings")
    await s.at("Your account")
    const profile = s.page.getByTestId("ui/section/profile")
    await profile.getByLabel("Name").fill("Grace King")
    await profile.getByRole("button", { name: "Save" }).click()
    await s.reads("Your changes are saved.", "the name is saved")
    s.password = password()
    const section = s.page.getByTestId("ui/section/password")
    await section.getByLabel("Password").fill(s.password)
    await section.getByRole("button", { name: "Save" }).click()
    await s.reads("Your changes are saved.", "the password is saved")
    await s.at("Your account")
    await s.signOut()
    await s.signIn()
    await s.at("Welcome")
    await s.reads(`Grace King (${s.email})`, "signed in by the new password, under the new name")
  })

  await journey("a forgotten password", async (s) => {
    await s.signUp()
    await s.signOut()
    await s.open("/ui/login")
    await s.follow("Forgot your password?")
    await s.at("Recover your account")
    await s.fill("E-mail", s.email)
    await s.press("Continue")
    await s.at("Enter your code")
    await s.fill("Recovery code", await s.code())
    await s.press("Continue")
    await s.at("Your account")
    await s.reads(/You are back/, "the page says what to do now")
    s.password = password()
    await s.page.getByTestId("ui/section/password").getByLabel("Password").fill(s.password)
    await s.page.keyboard.press("Enter")
    await s.reads("Your changes are saved.", "the new password is saved")
    await s.signOut()
    await s.signIn()
    await s.isHome()
  })

  await journey("old and foreign pages lead to new ones", async (s) => {
    const nobodys = "00000000-0000-4000-8000-000000000000"
    for (const [path, heading] of [
      [`/ui/login?flow=${nobodys}`, "Sign in"],
      ["/ui/registration?flow=nonsense", "Create an account"],
      ["/ui/recovery", "Recover your account"],
      ["/ui/verification", "Confirm your address"],
      [`/ui/settings?flow=${nobodys}`, "Sign in"],
    ]) {
      await s.open(path)
      await s.at(heading)
    }
    await s.open("/ui/login?return_to=" + encodeURIComponent(`${base}/ui/?came=back`))
    await s.at("Sign in")
    const flow = s.page.url()
    await s.context.clearCookies()
    await s.page.goto(flow)
    await s.at("Sign in")
    t.ok(s.page.url() !== flow, "a form that belongs to another browser is replaced")
    await s.open("/self-service/login/browser?return_to=https://elsewhere.invalid/")
    await s.at("That did not work")
  })
}

await t.journey("a browser that refuses cookies is told", async () => {
  // Chromium cannot be told to refuse them from outside; a client that forgets them goes the same way.
  let url = `${base}/ui/login`
  let answer
  for (let hops = 0; hops < 10; hops++) {
    answer = await fetch(url, { redirect: "manual", headers: { Accept: "text/html" } })
    if (!answer.headers.has("location")) break
    url = answer.headers.get("location")
  }
  t.eq(answer.status, 403, "it ends, with an error")
  t.ok(/Allow cookies/.test(await answer.text()), "the page says what to do")
  t.ok(/default-src 'none'/.test(answer.headers.get("content-security-policy")), "under the same policy as all pages")
})

await browser.close()
if (t.failures.length) console.log("\nFailures:\n" + t.failures.map((f) => `  ${f}`).join("\n"))
console.log(`\n${t.passed} passed, ${t.failed} failed`)
process.exit(t.failed ? 1 : 0)
