// What stands behind a session of the double: a queue of outputs and the threads that deliver them.
#ifndef SCALER_SOAM_DOUBLE_ENGINE_H
#define SCALER_SOAM_DOUBLE_ENGINE_H

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <soam.h>

namespace soam {

// Read from the environment when a session is made or opened; README.md says what each of them does.
struct Settings {
    Settings();

    unsigned long threads, fail_every, twice_every, early_every, slow_every, slow_microseconds, refuse_every;
    unsigned long session_error_after, session_errors, id_length;
    bool late, history, noop, close_fails;
    std::string answer;
};

std::string setting(const char *name);
// An id as long as the settings want it.
std::string id_of(unsigned long number, unsigned long length);

struct Item {
    std::string id;
    std::string bytes;
    bool ok = true;
    bool twice = false;
    bool slow = false;
    bool ends_session = false;
    // Who waits for the delivery of an early output.
    bool *delivered = nullptr;
};

class Engine {
public:
    Engine(const std::string &id, SessionCallback *callback, const Settings &settings);
    ~Engine();

    const std::string &id() const { return id_; }
    const Settings &settings() const { return settings_; }
    // Takes a task, answers it with its own bytes; returns its id.
    std::string take(std::string bytes);
    // Queues outputs of an earlier life of the session.
    void restore(const std::deque<Item> &outputs);
    // No delivery begins after this, unless the settings say that late ones come.
    void stop();
    void join();
    // What a later open delivers.
    std::deque<Item> remains();

private:
    void work();
    void deliver(Item &item);

    const std::string id_;
    SessionCallback *const callback_;
    const Settings settings_;
    std::mutex mutex_;
    std::condition_variable work_, delivered_;
    std::deque<Item> queue_, kept_;
    std::vector<std::thread> threads_;
    unsigned long taken_, attempts_;
    bool stopping_, lost_;
};

} // namespace soam

#endif
