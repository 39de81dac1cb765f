"""python-socketio against a server: python client.py BASE TOKEN; fails when anything is not as it should be."""
import json
import queue
import sys
import urllib.request

import socketio

BASE, TOKEN = sys.argv[1:]


def ask_for_a_job():
    request = urllib.request.Request(
        f"{BASE}/api/v1/provisioning/jobs",
        data=json.dumps({"job_type": "create_site"}).encode(),
        headers={"authorization": f"Bearer {TOKEN}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]["id"]


class Ears:
    """What is heard. Different streams are in no order, so nothing is thrown away that comes early."""

    def __init__(self):
        self.coming, self.early = queue.Queue(), []

    def hear(self, name, *payload):
        self.coming.put((name, payload[0] if payload else None))

    def wait_for(self, wanted):
        while True:
            for at, (name, payload) in enumerate(self.early):
                if name == wanted:
                    del self.early[at]
                    return payload
            self.early.append(self.coming.get(timeout=10))


def listen(namespace, transports, path):
    ears = Ears()
    client = socketio.Client(reconnection=False)
    client.on("*", ears.hear, namespace=namespace)
    client.connect(BASE, auth={"token": TOKEN}, namespaces=[namespace], transports=transports, socketio_path=path)
    assert client.transport() == transports[0]
    return client, ears


def everything_on_one_socket(transports, path):
    client, ears = listen("/ws", transports, path)
    connected = ears.wait_for("connected")
    assert connected["message"] == "Successfully connected to ERPMax Orchestrator", connected
    client.emit("ping", namespace="/ws")
    ears.wait_for("pong")
    job = ask_for_a_job()
    assert ears.wait_for("status:update")["job_id"] == job
    assert ears.wait_for("status:completed")["job_id"] == job
    notification = ears.wait_for("notification:new")
    client.emit("notification_read", {"notification_id": notification["id"]}, namespace="/ws")
    confirmed = ears.wait_for("notification_read_confirmed")
    assert confirmed == {"notification_id": notification["id"]}, confirmed
    client.disconnect()


def refused():
    for namespace, auth in [("/ws", {"token": "nonsense"}), ("/ws", None), ("/nowhere", {"token": TOKEN})]:
        client = socketio.Client(reconnection=False)
        try:
            client.connect(BASE, auth=auth, namespaces=[namespace], transports=["websocket"])
        except socketio.exceptions.ConnectionError:
            continue
        raise AssertionError(f"{namespace} with {auth} is not refused")


for way in ["websocket"], ["polling"]:
    for where in "/socket.io", "/ws/socket.io":
        everything_on_one_socket(way, where)
refused()
