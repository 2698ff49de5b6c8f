// NVRTC without a GPU: a library with its functions, which gives texts to g++. What comes out is a library that the stand-in for the driver loads as a module.
// ALUDEL_CXX and ALUDEL_INCLUDE are the compiler and the folder of our headers, which are the ones that callers hand over.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/wait.h>

namespace {

enum Result { SUCCESS = 0, PROGRAM_CREATION_FAILURE = 2, INVALID_INPUT = 3, INVALID_PROGRAM = 4, COMPILATION = 6 };

struct Program {
    std::string source, log, image;
};

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A folder that goes with everything in it.
struct Folder {
    std::filesystem::path path;

    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "aludel-nvrtc-XXXXXX").string();
        if (mkdtemp(name.data()) != nullptr) path = name;
    }
    ~Folder() {
        std::error_code ignored;
        if (!path.empty()) std::filesystem::remove_all(path, ignored);
    }
};

int copied(const std::string& text, char* out) {
    text.copy(out, text.size());
    return SUCCESS;
}

}  // namespace

extern "C" {

int nvrtcVersion(int* major, int* minor) {
    *major = 0;
    *minor = 1;
    return SUCCESS;
}

int nvrtcCreateProgram(Program** out, const char* source, const char*, int header_count, const char* const* headers, const char* const* names) {
    if (source == nullptr || (header_count > 0 && (headers == nullptr || names == nullptr))) return INVALID_INPUT;
    *out = new Program{source, "", ""};
    return SUCCESS;
}

int nvrtcCompileProgram(Program* program, int count, const char* const* options) {
    for (int i = 0; i < count; i++) {
        std::string option = options[i];
        bool known = option.rfind("--gpu-architecture=sm_", 0) == 0 || option == "--std=c++17";
        if (!known) {
            program->log = "an option that the stand-in does not know: " + option;
            return INVALID_INPUT;
        }
    }
    Folder folder;
    if (folder.path.empty()) return PROGRAM_CREATION_FAILURE;
    auto source = folder.path / "text.cu", image = folder.path / "image.so", log = folder.path / "log";
    std::ofstream(source) << program->source;
    // Optimised as far as it is quick. The functions of our headers are inlined whatever the level.
    std::string command = std::string(ALUDEL_CXX) + " -std=c++17 -O1 -fPIC -shared -U_FORTIFY_SOURCE -Wno-unknown-pragmas -I " ALUDEL_INCLUDE " -x c++ " +
                          source.string() + " -o " + image.string() + " > " + log.string() + " 2>&1";
    int status = std::system(command.c_str());
    program->log = contents(log);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return COMPILATION;
    program->image = contents(image);
    return SUCCESS;
}

int nvrtcGetProgramLogSize(Program* program, size_t* size) {
    *size = program->log.size();
    return SUCCESS;
}

int nvrtcGetProgramLog(Program* program, char* out) { return copied(program->log, out); }

int nvrtcGetCUBINSize(Program* program, size_t* size) {
    if (program->image.empty()) return INVALID_PROGRAM;
    *size = program->image.size();
    return SUCCESS;
}

int nvrtcGetCUBIN(Program* program, char* out) { return copied(program->image, out); }

int nvrtcDestroyProgram(Program** program) {
    delete *program;
    *program = nullptr;
    return SUCCESS;
}

}  // extern "C"
