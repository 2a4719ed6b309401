// The button in the page opens the chat: an attribute is all it takes.
const chat = document.querySelector("backsignal-chat");
document.querySelector("#ask")?.addEventListener("click", () => chat?.setAttribute("open", ""));
