/* Stacks for coroutines: small, guarded, and reused.
 *
 * They are cut from slabs of many, so that a hundred thousand of them are not as many mappings. Of
 * each only the pages that were touched use memory. Below each lies space that nobody may touch:
 * a stack that overflows ends the program there instead of running on into its neighbour.
 *
 * A guard made by mprotect(2) splits the mapping, which makes two mappings a stack, and there
 * may be no more than vm.max_map_count (65530) of them in a process. MADV_GUARD_INSTALL (Linux
 * 6.13) makes one that needs no mapping of its own; it is used where the kernel knows it. Else some
 * 32,000 stacks are the limit, and stack_take() says NULL beyond it. */
#ifndef IOM_STACKS_H
#define IOM_STACKS_H

#include <stdbool.h>
#include <stddef.h>

/* Without the guard. A session needs a few KiB; handlers of signals run elsewhere (sigaltstack(2)).
 * What is not touched costs no memory. Sanitizers make every frame larger. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_SIZE ((size_t)512 << 10)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STACK_SIZE ((size_t)512 << 10)
#endif
#endif
#ifndef STACK_SIZE
#define STACK_SIZE ((size_t)64 << 10)
#endif

/* Make the first stacks, so that the first connections need not wait for them. False when memory
 * or mappings are out. */
bool stacks_prepare(void);

/* The lowest address of a stack of STACK_SIZE bytes, NULL when memory or mappings are out. */
void *stack_take(void);

/* Give it back. Its memory goes back to the system where many are free already. */
void stack_give(void *stack);

/* Unmap all stacks. None may be in use. */
void stacks_free(void);

#endif
