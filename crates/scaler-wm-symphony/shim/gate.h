// Keeps callbacks out of a session that is closed, and says when the last one has left.
#ifndef SCALER_SOAM_GATE_H
#define SCALER_SOAM_GATE_H

#include <condition_variable>
#include <mutex>

namespace scaler_soam {

// Every callback enters before it calls the other side, and leaves after that.
class Gate {
public:
    Gate() : running_(0), shut_(false), hushed_(false) {}
    Gate(const Gate &) = delete;
    Gate &operator=(const Gate &) = delete;

    // False: it is shut, nothing may be called.
    bool enter()
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (shut_) {
            return false;
        }
        ++running_;
        return true;
    }

    // Shuts the gate behind the caller and waits until it is alone: what it calls comes after all others, and only
    // once. False: it is shut, or no errors are wanted any more.
    bool enter_last()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        if (shut_ || hushed_) {
            return false;
        }
        shut_ = true;
        ++running_;
        changed_.wait(lock, [this] { return running_ == 1; });
        return true;
    }

    void leave()
    {
        // Notified under the lock: whoever waits may destroy the gate as soon as it has the lock.
        const std::lock_guard<std::mutex> lock(mutex_);
        --running_;
        if (running_ <= 1) {
            changed_.notify_all();
        }
    }

    // The session is about to be closed: outputs are still welcome, an error of the session is not.
    void hush()
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        hushed_ = true;
    }

    // Nobody enters any more; returns when all have left.
    void close()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        shut_ = true;
        changed_.wait(lock, [this] { return running_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    unsigned long running_;
    bool shut_;
    bool hushed_;
};

} // namespace scaler_soam

#endif
