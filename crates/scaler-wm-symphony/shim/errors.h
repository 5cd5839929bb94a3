// Turns whatever is thrown into a status and the caller's scaler_soam_error.
#ifndef SCALER_SOAM_ERRORS_H
#define SCALER_SOAM_ERRORS_H

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <string>

#include <soam.h>

#include "scaler_soam.h"

namespace scaler_soam {

// What is being done decides what a broken line means: nobody there yet, or somebody gone.
enum class Doing { connecting, working };

// Thrown by ourselves where something is refused.
struct Refusal {
    scaler_soam_status status;
    std::string message;
};

inline void refuse_if(bool wrong, const std::string &message, scaler_soam_status status = SCALER_SOAM_INVALID)
{
    if (wrong) {
        throw Refusal{status, message};
    }
}

inline void copy_cut(char *to, std::size_t room, const char *text)
{
    if (room == 0) {
        return;
    }
    std::size_t length = std::min(std::strlen(text), room - 1);
    // UTF-8 is cut between characters, never inside one.
    if (text[length] != '\0') {
        while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) {
            --length;
        }
    }
    std::memcpy(to, text, length);
    to[length] = '\0';
}

// Writes no further than the owner's size says.
inline scaler_soam_status fill(scaler_soam_error *error, scaler_soam_status status, int code, const char *type,
                               const char *message) noexcept
{
    if (error == nullptr) {
        return status;
    }
    const std::size_t size = error->size;
    const auto room = [size](std::size_t offset, std::size_t whole) {
        return size <= offset ? std::size_t(0) : std::min(size - offset, whole);
    };
    if (room(offsetof(scaler_soam_error, status), sizeof error->status) == sizeof error->status) {
        error->status = status;
    }
    if (room(offsetof(scaler_soam_error, soam_code), sizeof error->soam_code) == sizeof error->soam_code) {
        error->soam_code = code;
    }
    copy_cut(error->type, room(offsetof(scaler_soam_error, type), sizeof error->type), type ? type : "");
    copy_cut(error->message, room(offsetof(scaler_soam_error, message), sizeof error->message), message ? message : "");
    return status;
}

// A public program for 7.2.1 compares getErrorCode with this constant. A header without it still compiles.
template <class E> auto is_connection_error(const E &error, int) -> decltype(int(E::CONNECTION_ERROR), bool())
{
    return error.getErrorCode() == int(E::CONNECTION_ERROR);
}

template <class E> bool is_connection_error(const E &, long)
{
    return false;
}

inline bool has_any(const std::string &text, std::initializer_list<const char *> words)
{
    return std::any_of(words.begin(), words.end(),
                       [&text](const char *word) { return text.find(word) != std::string::npos; });
}

// Whether something was asked for that is not there. "Unknown" alone does not say so: an unknown error is no unknown
// application. Nor does a file that is missing: that is the environment of the library.
inline bool names_nothing(const std::string &text)
{
    const auto things = {"application", "session", "service", "consumer", "task"};
    const auto is_unknown = [&text](const char *thing) {
        return text.find(std::string("unknown ") + thing) != std::string::npos;
    };
    if (has_any(text, {"no such file"})) {
        return false;
    }
    if (has_any(text, {"not found", "does not exist", "not registered", "no such"}) ||
        std::any_of(things.begin(), things.end(), is_unknown)) {
        return true;
    }
    return has_any(text, {"is unknown", "is not known"}) && has_any(text, things) &&
           !has_any(text, {"reason", "cause"});
}

// The numbers of SOAM's errors are not in the documents that we have, so its words decide. What no word tells is
// FAILED: that is never wrong, only less precise.
inline scaler_soam_status classify(const soam::SoamException &error, Doing doing)
{
    const char *what = error.what();
    std::string text(what ? what : "");
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    const scaler_soam_status gone = doing == Doing::connecting ? SCALER_SOAM_UNREACHABLE : SCALER_SOAM_LOST;

    if (has_any(text, {"authenticat", "password", "credential", "not authorized", "unauthorized", "permission",
                       "access denied", "security check"})) {
        return SCALER_SOAM_DENIED;
    }
    if (has_any(text, {"unknown host", "host not found"})) {
        return gone;
    }
    if (names_nothing(text)) {
        return SCALER_SOAM_UNKNOWN;
    }
    if (is_connection_error(error, 0) ||
        has_any(text, {"connection refused", "connection reset", "connection lost", "connection broken",
                       "cannot connect", "could not connect", "failed to connect", "unable to connect", "unreachable",
                       "timed out", "timeout", "not enabled", "disabled"})) {
        return gone;
    }
    if (doing == Doing::working && has_any(text, {"aborted", "closed", "disconnected", "killed"})) {
        return SCALER_SOAM_LOST;
    }
    if (has_any(text, {"invalid", "illegal", "not defined", "out of range"})) {
        return SCALER_SOAM_INVALID;
    }
    return SCALER_SOAM_FAILED;
}

// What the library says, and behind it what the service has said: that travels as an embedded exception.
inline std::string words_of(const soam::SoamException &error)
{
    const char *what = error.what();
    std::string text(what ? what : "");
    soam::SoamExceptionPtr embedded = error.getEmbeddedException();
    if (!(embedded == nullptr) && embedded->what() != nullptr && *embedded->what() != '\0') {
        text += text.empty() ? "" : ": ";
        text += embedded->what();
    }
    return text;
}

inline scaler_soam_status tell(const soam::SoamException &caught, scaler_soam_status status, scaler_soam_error *error)
{
    return fill(error, status, caught.getErrorCode(), caught.getErrorType(), words_of(caught).c_str());
}

// Runs body; nothing that it throws gets out.
template <class Body> scaler_soam_status guarded(scaler_soam_error *error, Doing doing, Body body) noexcept
{
    try {
        try {
            body();
            return SCALER_SOAM_OK;
        } catch (const Refusal &refusal) {
            return fill(error, refusal.status, 0, "", refusal.message.c_str());
        } catch (soam::SoamException &caught) {
            return tell(caught, classify(caught, doing), error);
        }
    } catch (const std::exception &caught) {
        return fill(error, SCALER_SOAM_FAILED, 0, "std::exception", caught.what());
    } catch (...) {
        return fill(error, SCALER_SOAM_FAILED, 0, "", "something was thrown that is no exception of the library");
    }
}

} // namespace scaler_soam

#endif
