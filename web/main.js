// The start of the pages.

import { startAlarms } from "./core/alarms.js";
import { resumeBids } from "./core/bids.js";
import { onNotice, startNotices } from "./core/notices.js";
import { h } from "./core/dom.js";
import { loadLanguage } from "./core/i18n.js";
import { start as startLive } from "./core/live.js";
import { startPush } from "./core/push.js";
import { redraw, startRouter } from "./core/router.js";
import { restore, session } from "./core/session.js";
import { showNotice } from "./parts/notice.js";
import { shell } from "./parts/shell.js";
import { about } from "./pages/about.js";
import { account } from "./pages/account.js";
import { adminCampaigns } from "./pages/admin-campaigns.js";
import { alarmEdit } from "./pages/alarm-edit.js";
import { alarmLog } from "./pages/alarm-log.js";
import { alarms } from "./pages/alarms.js";
import { bids } from "./pages/bids.js";
import { campaignPage } from "./pages/campaign.js";
import { campaignUpload } from "./pages/campaign-upload.js";
import { chatsPage } from "./pages/chats.js";
import { company } from "./pages/company.js";
import { desk } from "./pages/desk.js";
import { favourites } from "./pages/favourites.js";
import { home } from "./pages/home.js";
import { apiKeysPage } from "./pages/api-keys.js";
import { assistantEdit } from "./pages/assistant-edit.js";
import { assistantsPage } from "./pages/assistants.js";
import { articleEdit } from "./pages/article-edit.js";
import { knowledgePage } from "./pages/knowledge.js";
import { labels } from "./pages/labels.js";
import { market } from "./pages/market.js";
import { newCampaign } from "./pages/new-campaign.js";
import { editLot, newLot } from "./pages/new-lot.js";
import { notFound } from "./pages/not-found.js";
import { notices } from "./pages/notices.js";
import { operators } from "./pages/operators.js";
import { newRaffle } from "./pages/new-raffle.js";
import { outbox } from "./pages/outbox.js";
import { passwordPage } from "./pages/password.js";
import { promptsPage } from "./pages/prompts.js";
import { reviewPage } from "./pages/review.js";
import { pointsPage } from "./pages/points.js";
import { rafflePage } from "./pages/raffle.js";
import { rafflesPage } from "./pages/raffles.js";
import { ringPage } from "./pages/ring.js";
import { room } from "./pages/room.js";
import { sharedChatPage } from "./pages/shared-chat.js";
import { signInPage } from "./pages/sign-in.js";
import { signUpPage } from "./pages/sign-up.js";
import { walletPage } from "./pages/wallet.js";

/** The same list is in `src/http/pages.rs`, so that these addresses can be opened directly. */
const ROUTES = [
  { path: "/", page: home },
  { path: "/auctions", page: market },
  { path: "/auctions/:id", page: room },
  { path: "/sign-in", page: signInPage },
  { path: "/sign-up", page: signUpPage },
  { path: "/password", page: passwordPage },
  { path: "/wallet", page: walletPage },
  { path: "/bids", page: bids },
  { path: "/notices", page: notices },
  { path: "/favourites", page: favourites },
  { path: "/account", page: account },
  { path: "/account/keys", page: apiKeysPage },
  { path: "/desk", page: desk },
  { path: "/desk/new", page: newLot },
  { path: "/desk/edit/:id", page: editLot },
  { path: "/operators", page: operators },
  { path: "/outbox", page: outbox },
  { path: "/about", page: about },
  { path: "/alarms", page: alarms },
  { path: "/alarms/new", page: alarmEdit },
  { path: "/alarms/ring", page: ringPage },
  { path: "/alarms/log", page: alarmLog },
  { path: "/alarms/:number", page: alarmEdit },
  { path: "/labels", page: labels },
  { path: "/company", page: company },
  { path: "/company/new", page: newCampaign },
  { path: "/campaigns/:id", page: campaignPage },
  { path: "/campaigns/:id/upload", page: campaignUpload },
  { path: "/campaigns/:id/review", page: reviewPage },
  { path: "/admin/campaigns", page: adminCampaigns },
  { path: "/admin/knowledge", page: knowledgePage },
  { path: "/admin/knowledge/new", page: articleEdit },
  { path: "/admin/knowledge/:id", page: articleEdit },
  { path: "/admin/assistants", page: assistantsPage },
  { path: "/admin/assistants/new", page: assistantEdit },
  { path: "/admin/assistants/:name", page: assistantEdit },
  { path: "/admin/prompts", page: promptsPage },
  { path: "/points", page: pointsPage },
  { path: "/raffles", page: rafflesPage },
  { path: "/raffles/new", page: newRaffle },
  { path: "/raffles/:id", page: rafflePage },
  { path: "/chats", page: chatsPage },
  { path: "/chats/:id", page: chatsPage },
  { path: "/shared/:token", page: sharedChatPage },
  { path: "*", page: notFound },
];

/** How long the first drawing waits for the sign-in to be restored, in milliseconds. */
const PATIENCE = 1500;

await loadLanguage(document.documentElement.lang);
const main = h("main", { id: "main", tabindex: "-1" });
shell(main);
startLive();
startNotices();
startAlarms();
startPush();
resumeBids();
onNotice(showNotice);
await Promise.race([restore(), new Promise((done) => setTimeout(done, PATIENCE))]);
startRouter(main, ROUTES);

// A page shows other things to other people: draw it anew when that changes under it.
let person = session.value.user?.id ?? null;
session.watch(({ user }) => {
  if ((user?.id ?? null) === person) return;
  person = user?.id ?? null;
  redraw();
});
