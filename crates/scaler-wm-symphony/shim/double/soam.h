// A double of the part of IBM's soam.h that the shim uses. All of it is our own writing.
//
// It exists to compile the shim and to drive it in tests: it connects to nothing. Names and signatures follow IBM's
// public documents (4.1 to 7.3.2); values of constants, the layout of classes and everything marked "guess" are ours.
// It behaves worse than the library is likely to, because the shim must bear what is not documented. README.md lists
// its settings.
#ifndef SCALER_SOAM_DOUBLE_H
#define SCALER_SOAM_DOUBLE_H

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace soam {

typedef bool SoamBool;
typedef int SoamInt32;
typedef unsigned int SoamUInt;
typedef unsigned int SoamUInt32;

// Guess: that objects count their references themselves. Documented is only that a plain pointer which the library
// hands out is to be put into the smart pointer of its type.
class Counted {
public:
    Counted() : count_(0) {}
    Counted(const Counted &) : count_(0) {}
    Counted &operator=(const Counted &) { return *this; }
    virtual ~Counted() {}
    void hold() const { ++count_; }
    void drop() const
    {
        if (--count_ == 0) {
            delete this;
        }
    }

private:
    mutable std::atomic<int> count_;
};

template <class T> class SmartPtr {
public:
    SmartPtr(T *object = nullptr) : object_(object) { hold(); }
    SmartPtr(const SmartPtr &other) : object_(other.object_) { hold(); }
    ~SmartPtr() { drop(); }
    SmartPtr &operator=(const SmartPtr &other)
    {
        SmartPtr copy(other);
        std::swap(object_, copy.object_);
        return *this;
    }
    T *operator->() const { return object_; }
    bool operator==(const T *other) const { return object_ == other; }

private:
    void hold() const
    {
        if (object_ != nullptr) {
            object_->hold();
        }
    }
    void drop() const
    {
        if (object_ != nullptr) {
            object_->drop();
        }
    }
    T *object_;
};

class SoamException;
typedef SmartPtr<SoamException> SoamExceptionPtr;

class SoamException : public Counted {
public:
    // Guess: the value. That there is such a constant is read off a public program for 7.2.1.
    enum ErrorCode { CONNECTION_ERROR = 1001 };

    // Guess: that there is one with these arguments; the shim makes no exception of its own.
    SoamException(int code, const std::string &message, const char *type = "SoamException")
        : code_(code), message_(message), type_(type)
    {
    }
    const char *what() const throw() { return message_.c_str(); }
    int getErrorCode() const throw() { return code_; }
    const char *getErrorType() const throw() { return type_; }
    SoamException *getEmbeddedException() const throw() { return embedded_.operator->(); }
    void embed(SoamException *exception) { embedded_ = exception; }

private:
    int code_;
    std::string message_;
    const char *type_;
    SoamExceptionPtr embedded_;
};

class OutputStream : public Counted {
public:
    void writeBytes(const void *bytes, unsigned long length) throw(SoamException);
    std::string written;
};
typedef SmartPtr<OutputStream> OutputStreamPtr;

class InputStream : public Counted {
public:
    // The bytes are borrowed: they belong to the output that is read.
    explicit InputStream(const std::string &bytes) : bytes_(bytes), at_(0) {}
    // Guess: that it throws at the end, and that it has moved nowhere then.
    void readBytes(void *to, unsigned long length) throw(SoamException);

private:
    const std::string &bytes_;
    std::size_t at_;
};
typedef SmartPtr<InputStream> InputStreamPtr;

class Message {
public:
    virtual ~Message() {}
    virtual void onSerialize(OutputStreamPtr &stream) throw(SoamException) = 0;
    virtual void onDeserialize(InputStreamPtr &stream) throw(SoamException) = 0;
};

class DefaultByteArrayMessage : public Message {
public:
    DefaultByteArrayMessage() : bytes_(nullptr), length_(0) {}
    DefaultByteArrayMessage(const void *bytes, SoamUInt length, SoamBool copy = false);
    // Guess: four bytes of length, then the bytes. Nothing outside of the double depends on it.
    void onSerialize(OutputStreamPtr &stream) throw(SoamException);
    void onDeserialize(InputStreamPtr &stream) throw(SoamException);
    void getByteArray(char *&bytes, SoamUInt &length, SoamBool copy = false) const;

private:
    const char *bytes_;
    SoamUInt length_;
    std::string own_;
};

class SecurityCallback {
public:
    virtual ~SecurityCallback() {}
    // Guess: the double looks into the default one only, so it needs no more than this.
    virtual std::string password() const = 0;
};

class DefaultSecurityCallback : public SecurityCallback {
public:
    DefaultSecurityCallback(const char *user, const char *password) : user_(user), password_(password) {}
    std::string password() const { return password_; }

private:
    std::string user_;
    std::string password_;
};

class TaskInputHandle : public Counted {
public:
    explicit TaskInputHandle(const std::string &id) : id_(id) {}
    const char *getId() const throw(SoamException) { return id_.c_str(); }

private:
    std::string id_;
};
typedef SmartPtr<TaskInputHandle> TaskInputHandlePtr;

class TaskOutputHandle : public Counted {
public:
    TaskOutputHandle(std::string id, std::string bytes, bool ok)
        : id_(std::move(id)), bytes_(std::move(bytes)), ok_(ok)
    {
    }
    const char *getId() const throw(SoamException) { return id_.c_str(); }
    bool isSuccessful() const throw(SoamException) { return ok_; }
    void populateTaskOutput(Message *message) const throw(SoamException);
    SoamException *getException() const throw(SoamException);

private:
    std::string id_;
    std::string bytes_;
    bool ok_;
};
typedef SmartPtr<TaskOutputHandle> TaskOutputHandlePtr;

class SessionCallback {
public:
    virtual ~SessionCallback() {}
    virtual void onResponse(TaskOutputHandlePtr &output) throw() = 0;
    virtual void onException(SoamException &exception) throw() = 0;
};

class TaskSubmissionAttributes {
public:
    void setTaskInput(Message *message) throw(SoamException) { input = message; }
    void setTaskTag(const char *text) throw(SoamException) { tag = text; }
    Message *input = nullptr;
    std::string tag;
};

class SessionCreationAttributes {
public:
    void setSessionName(const char *text) throw(SoamException) { name = text; }
    void setSessionType(const char *text) throw(SoamException) { type = text; }
    void setSessionFlags(const SoamUInt32 value) throw(SoamException) { flags = value; }
    void setSessionCallback(SessionCallback *value) throw(SoamException) { callback = value; }
    void setSessionTag(const char *text) throw(SoamException) { tag = text; }
    void setSessionPriority(const SoamInt32 value) throw(SoamException) { priority = value; }
    void setServiceName(const char *text) throw(SoamException) { service = text; }
    std::string name, type, tag, service;
    SoamUInt32 flags = 0;
    SoamInt32 priority = 1;
    SessionCallback *callback = nullptr;
};

class SessionOpenAttributes {
public:
    void setSessionId(const char *text) throw(SoamException) { id = text; }
    void setSessionFlags(const SoamUInt32 value) throw(SoamException) { flags = value; }
    void setSessionCallback(SessionCallback *value) throw(SoamException) { callback = value; }
    std::string id;
    SoamUInt32 flags = 0;
    SessionCallback *callback = nullptr;
};

class Engine;

class Session : public Counted {
public:
    // Guess: the values.
    enum SessionFlags { SendSync = 1, SendOverlapped = 2, ReceiveSync = 4, ReceiveAsync = 8 };
    enum SessionCloseFlags { DestroyOnClose = 1, DetachOnClose = 2 };

    explicit Session(const std::shared_ptr<Engine> &engine) : engine_(engine) {}
    ~Session();
    const char *getId() const throw(SoamException);
    TaskInputHandle *sendTaskInput(TaskSubmissionAttributes &attributes) throw(SoamException);
    void close(unsigned long flags = DestroyOnClose) throw(SoamException);

private:
    std::shared_ptr<Engine> engine_;
};
typedef SmartPtr<Session> SessionPtr;

class Connection : public Counted {
public:
    Connection(const std::string &id, SecurityCallback *security) : id_(id), security_(security) {}
    // Reads the password again: whoever has let the security callback go before the connection is found.
    ~Connection();
    const char *getId() const throw(SoamException) { return id_.c_str(); }
    Session *createSession(SessionCreationAttributes &attributes) throw(SoamException);
    Session *openSession(const SessionOpenAttributes &attributes) throw(SoamException);
    void close() throw(SoamException);

private:
    std::string id_;
    SecurityCallback *security_;
};
typedef SmartPtr<Connection> ConnectionPtr;

class SoamFactory {
public:
    static void initialize() throw(SoamException);
    static void uninitialize() throw(SoamException);
    // No specification, so that something foreign can be thrown on demand: a guess at the worst.
    static Connection *connect(const char *application, SecurityCallback *security);
};

} // namespace soam

#endif
