"""Repeats what is sent to it.

    CHATAPI_URL=http://localhost:8000 CHATAPI_USER=parrot CHATAPI_PASSWORD=… python3 bot.py
"""

import os

from chatapi_client import ChatClient, Message

client = ChatClient(os.environ.get("CHATAPI_URL", "http://localhost:8000"))
session = client.users.login(username_or_email=os.environ["CHATAPI_USER"], password=os.environ["CHATAPI_PASSWORD"])
ws = client.websocket.connect()


def echo(message: Message) -> None:
    if message["sender_id"] != session["user"]["id"]:
        ws.send(chat_id=message["chat_id"], content=f"You said: {message['content']}", reply_to=message["id"])


ws.on_message(echo)
ws.wait_ready()
print("listening", flush=True)
ws.run_forever()
