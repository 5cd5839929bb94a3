// What a session's outputs and its end go through, on their way to the other side.
#ifndef SCALER_SOAM_RECEIVER_H
#define SCALER_SOAM_RECEIVER_H

#include <atomic>
#include <cstdint>
#include <vector>

#include <soam.h>

#include "scaler_soam.h"

#include "errors.h"
#include "gate.h"

namespace scaler_soam {

// The overrides below must repeat the specification of what they override, and C++14 calls that deprecated.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated"

// The bytes alone. InputStream has no documented way to tell how much is left: so one byte after the other is read
// until the library refuses. That is slow; the codec is there for a service that wants it.
class RawMessage : public soam::Message {
public:
    RawMessage() : data_(nullptr), length_(0) {}
    RawMessage(const std::uint8_t *data, std::uint64_t length) : data_(data), length_(length) {}

    void onSerialize(soam::OutputStreamPtr &stream) throw(soam::SoamException) override
    {
        if (length_ != 0) {
            stream->writeBytes(const_cast<std::uint8_t *>(data_), static_cast<soam::SoamUInt>(length_));
        }
    }

    void onDeserialize(soam::InputStreamPtr &stream) throw(soam::SoamException) override
    {
        read_.clear();
        try {
            for (std::uint8_t byte = 0;; read_.push_back(byte)) {
                stream->readBytes(&byte, 1);
            }
        } catch (soam::SoamException &) {
            // The end.
        }
    }

    const std::vector<std::uint8_t> &read() const { return read_; }

private:
    const std::uint8_t *data_;
    std::uint64_t length_;
    std::vector<std::uint8_t> read_;
};

#pragma GCC diagnostic pop

// Passes on what the library calls. The library gets a plain pointer to it, and nothing in its documents says when it
// stops using that: so a receiver lives until shutdown, a few hundred bytes for each session, and its gate is what
// ends it.
class Receiver : public soam::SessionCallback {
public:
    Receiver(const scaler_soam_callbacks &callbacks, std::uint32_t codec)
        : callbacks_(callbacks), codec_(codec), lost_(false)
    {
    }

    void onResponse(soam::TaskOutputHandlePtr &handle) noexcept override
    {
        if (!gate_.enter()) {
            return;
        }
        scaler_soam_error error{};
        error.size = sizeof error;
        const char *task = nullptr;
        const scaler_soam_status known = guarded(&error, Doing::working, [&] {
            task = handle->getId();
            refuse_if(task == nullptr, "the library has delivered an output without the id of its task");
        });
        if (known == SCALER_SOAM_OK) {
            pass_on(handle, task, error);
        }
        gate_.leave();
        // An output without a task would be lost without a word; the end of the session is heard.
        if (known != SCALER_SOAM_OK) {
            end(error);
        }
    }

    void onException(soam::SoamException &exception) noexcept override
    {
        scaler_soam_error error{};
        error.size = sizeof error;
        guarded(&error, Doing::working, [&] { tell(exception, SCALER_SOAM_LOST, &error); });
        end(error);
    }

    void hush() { gate_.hush(); }
    void close() { gate_.close(); }
    std::uint32_t codec() const { return codec_; }
    // The session has ended by itself.
    bool lost() const { return lost_; }

private:
    // Tells the other side exactly once, whatever the library throws on the way.
    void pass_on(soam::TaskOutputHandlePtr &handle, const char *task, scaler_soam_error &error) noexcept
    {
        scaler_soam_output output{};
        output.size = sizeof output;
        output.task = task;
        bool told = false;
        const auto tell_data = [&](const void *data, std::uint64_t length) {
            output.ok = 1;
            output.data = length == 0 ? nullptr : static_cast<const std::uint8_t *>(data);
            output.length = length;
            told = true;
            callbacks_.on_output(callbacks_.user, &output);
        };
        guarded(&error, Doing::working, [&] {
            if (!handle->isSuccessful()) {
                soam::SoamExceptionPtr exception = handle->getException();
                refuse_if(exception == nullptr, "the library does not say why the task has failed", SCALER_SOAM_FAILED);
                // Never LOST or DENIED: these words are the service's, and say nothing about the session.
                tell(*exception.operator->(), SCALER_SOAM_FAILED, &error);
            } else if (codec_ == SCALER_SOAM_CODEC_RAW) {
                RawMessage message;
                handle->populateTaskOutput(&message);
                tell_data(message.read().data(), message.read().size());
            } else {
                soam::DefaultByteArrayMessage message;
                handle->populateTaskOutput(&message);
                char *bytes = nullptr;
                soam::SoamUInt length = 0;
                message.getByteArray(bytes, length, false);
                tell_data(bytes, bytes == nullptr ? 0 : length);
            }
        });
        if (!told) {
            output.error = &error;
            callbacks_.on_output(callbacks_.user, &output);
        }
    }

    void end(scaler_soam_error &error) noexcept
    {
        error.status = SCALER_SOAM_LOST;
        lost_ = true;
        if (gate_.enter_last()) {
            if (callbacks_.on_session_error != nullptr) {
                callbacks_.on_session_error(callbacks_.user, &error);
            }
            gate_.leave();
        }
    }

    Gate gate_;
    const scaler_soam_callbacks callbacks_;
    const std::uint32_t codec_;
    std::atomic<bool> lost_;
};

} // namespace scaler_soam

#endif
