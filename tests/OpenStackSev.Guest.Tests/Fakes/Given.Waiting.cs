using OpenStackSev.Agent.Tests.Fakes;

namespace OpenStackSev.Guest.Tests.Fakes;

internal static partial class Given
{
    /// <summary>Lets time pass while somebody waits, until <paramref name="task"/> is done.</summary>
    public static async Task<T> DoneAsync<T>(this AwaitedTime time, Task<T> task)
    {
        await UntilAsync(time, () => task.IsCompleted);
        return await task;
    }

    /// <summary>For what another thread or process does in real time: looks again and again, at most a minute.</summary>
    public static async Task EventuallyAsync(Func<bool> reached)
    {
        using var hung = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!reached())
        {
            Assert.False(hung.IsCancellationRequested, "it never came to that");
            await Task.Yield();
        }
    }

    public static async Task UntilAsync(this AwaitedTime time, Func<bool> reached)
    {
        using var hung = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!reached())
        {
            Assert.False(hung.IsCancellationRequested, "it never came to that");
            time.PassWhileAwaited();
            await Task.Yield();
        }
    }
}
