//! One thread that lives as long as the test process and spawns its children: the kernel's parent-death signal fires when
//! the spawning thread ends, and the threads of tests end early.

use std::process::{Child, Command};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};

/// A command, and where to send the running child.
type Order = (Command, Sender<Child>);

/// Runs a command from the long-lived thread and gives its process id. Its end is not waited for.
pub fn spawn(command: Command) -> u32 {
    child(command).id()
}

/// Runs a command from the long-lived thread.
pub fn child(command: Command) -> Child {
    static ORDERS: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let orders = ORDERS.get_or_init(|| {
        let (orders, received) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, reply) in received {
                let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
                reply.send(child).unwrap();
            }
        });
        Mutex::new(orders)
    });
    let (reply, child) = channel();
    orders.lock().unwrap().send((command, reply)).unwrap();
    child.recv().unwrap()
}
