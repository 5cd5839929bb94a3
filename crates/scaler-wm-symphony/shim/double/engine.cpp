#include "engine.h"

#include <chrono>
#include <cstdlib>

namespace soam {

namespace {

// A library that is to cost nothing looks so often for what there is to answer. To wake its thread for each task, as
// long as that is quicker than whoever submits, takes as much as a quarter of all that a task costs.
constexpr std::chrono::microseconds moment(100);

unsigned long number(const char *name, unsigned long otherwise)
{
    const std::string text = setting(name);
    return text.empty() ? otherwise : std::strtoul(text.c_str(), nullptr, 10);
}

bool every(unsigned long number, unsigned long n)
{
    return n != 0 && number % n == 0;
}

} // namespace

std::string setting(const char *name)
{
    const char *value = std::getenv((std::string("SOAM_DOUBLE_") + name).c_str());
    return value == nullptr ? "" : value;
}

Settings::Settings()
    : threads(number("THREADS", 4)), fail_every(number("FAIL_EVERY", 0)), twice_every(number("TWICE_EVERY", 0)),
      early_every(number("EARLY_EVERY", 0)), slow_every(number("SLOW_EVERY", 0)),
      slow_microseconds(number("SLOW_US", 1000)), refuse_every(number("REFUSE_EVERY", 0)),
      session_error_after(number("SESSION_ERROR_AFTER", 0)), session_errors(number("SESSION_ERRORS", 1)),
      id_length(number("ID_LENGTH", 0)), late(number("LATE", 0) != 0), history(number("HISTORY", 0) != 0),
      noop(number("NOOP", 0) != 0), close_fails(number("CLOSE_FAILS", 0) != 0)
{
    const std::string hex = setting("ANSWER");
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
        answer.push_back(static_cast<char>(std::strtoul(hex.substr(at, 2).c_str(), nullptr, 16)));
    }
    if (noop) {
        threads = 1;
    }
}

std::string id_of(unsigned long number, unsigned long length)
{
    std::string text = std::to_string(number);
    return text.size() < length ? std::string(length - text.size(), '0') + text : text;
}

Engine::Engine(const std::string &id, SessionCallback *callback, const Settings &settings)
    : id_(id), callback_(callback), settings_(settings), taken_(0), attempts_(0), stopping_(false), lost_(false)
{
    for (unsigned long thread = 0; thread < settings_.threads; ++thread) {
        threads_.emplace_back([this] { work(); });
    }
}

Engine::~Engine()
{
    stop();
    join();
}

std::string Engine::take(std::string bytes)
{
    Item item;
    if (settings_.answer.empty()) {
        item.bytes = std::move(bytes);
    } else {
        OutputStreamPtr stream = new OutputStream;
        DefaultByteArrayMessage(settings_.answer.data(), SoamUInt(settings_.answer.size())).onSerialize(stream);
        item.bytes = stream->written;
    }
    std::unique_lock<std::mutex> lock(mutex_);
    if (lost_ || stopping_) {
        throw SoamException(SoamException::CONNECTION_ERROR, "the session was aborted");
    }
    if (every(++attempts_, settings_.refuse_every)) {
        throw SoamException(77, "the task was refused on demand");
    }
    const unsigned long n = ++taken_;
    const std::string id = id_of(n, settings_.id_length);
    item.id = id;
    item.ok = !every(n, settings_.fail_every);
    item.twice = every(n, settings_.twice_every);
    item.slow = every(n, settings_.slow_every);
    const bool early = every(n, settings_.early_every);
    bool delivered = false;
    if (early) {
        item.delivered = &delivered;
        queue_.push_front(std::move(item));
    } else {
        queue_.push_back(std::move(item));
    }
    if (n == settings_.session_error_after) {
        lost_ = true;
        for (unsigned long error = 0; error < settings_.session_errors; ++error) {
            Item end;
            end.ends_session = true;
            queue_.push_front(end);
        }
        work_.notify_all();
    }
    if (!settings_.noop || early) {
        work_.notify_one();
    }
    if (early) {
        delivered_.wait(lock, [&] { return delivered || stopping_; });
        // Nobody may write to what is about to go.
        for (Item &other : queue_) {
            if (other.delivered == &delivered) {
                other.delivered = nullptr;
            }
        }
    }
    return id;
}

void Engine::restore(const std::deque<Item> &outputs)
{
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.insert(queue_.end(), outputs.begin(), outputs.end());
    work_.notify_all();
}

void Engine::stop()
{
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    work_.notify_all();
    delivered_.notify_all();
}

void Engine::join()
{
    for (std::thread &thread : threads_) {
        if (thread.joinable()) {
            thread.join();
        }
    }
}

std::deque<Item> Engine::remains()
{
    const std::lock_guard<std::mutex> lock(mutex_);
    std::deque<Item> all(kept_);
    all.insert(all.end(), queue_.begin(), queue_.end());
    return all;
}

void Engine::work()
{
    std::deque<Item> mine;
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
        const auto ready = [this] { return stopping_ || !queue_.empty(); };
        if (settings_.noop) {
            while (!ready()) {
                work_.wait_for(lock, moment);
            }
        } else {
            work_.wait(lock, ready);
        }
        if (queue_.empty() || (stopping_ && !settings_.late)) {
            return;
        }
        if (settings_.noop) {
            mine.swap(queue_);
        } else {
            mine.push_back(std::move(queue_.front()));
            queue_.pop_front();
        }
        if (settings_.history) {
            kept_.insert(kept_.end(), mine.begin(), mine.end());
        }
        bool *const delivered = mine.front().delivered;
        lock.unlock();
        for (Item &item : mine) {
            deliver(item);
        }
        mine.clear();
        lock.lock();
        if (delivered != nullptr && !stopping_) {
            *delivered = true;
            delivered_.notify_all();
        }
    }
}

void Engine::deliver(Item &item)
{
    if (item.slow) {
        std::this_thread::sleep_for(std::chrono::microseconds(settings_.slow_microseconds));
    }
    if (item.ends_session) {
        SoamException exception(SoamException::CONNECTION_ERROR, "the session was aborted on demand");
        callback_->onException(exception);
        return;
    }
    if (item.twice) {
        TaskOutputHandlePtr first = new TaskOutputHandle(item.id, item.bytes, item.ok);
        callback_->onResponse(first);
    }
    TaskOutputHandlePtr handle = new TaskOutputHandle(std::move(item.id), std::move(item.bytes), item.ok);
    callback_->onResponse(handle);
}

} // namespace soam
