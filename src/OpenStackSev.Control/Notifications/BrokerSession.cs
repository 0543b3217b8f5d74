using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace OpenStackSev.Control.Notifications;

/// <summary>One connection, its channel, our queue on it: from being opened until it ends.</summary>
/// <remarks>
/// Nova's exchange is looked for and never made: made here with other arguments it would be one that Nova cannot use. Nova's own queues are not touched.
/// Permissions that the user needs: configure and write on the queue, read on queue and exchange.
/// </remarks>
internal sealed class BrokerSession : IAsyncDisposable
{
    private static readonly string[] s_keys = ["versioned_notifications.info", "versioned_notifications.warn", "versioned_notifications.error"];
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(3);

    private readonly IConnection connection;
    private readonly IChannel channel;
    private readonly NotificationOptions options;
    private readonly TransportUrl url;
    private readonly SemaphoreSlim sending = new(1, 1);
    private readonly TaskCompletionSource<BrokerException> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private BrokerSession(IConnection connection, IChannel channel, NotificationOptions options, TransportUrl url)
    {
        (this.connection, this.channel, this.options, this.url) = (connection, channel, options, url);
        connection.ConnectionShutdownAsync += OnShutdownAsync;
        channel.ChannelShutdownAsync += OnShutdownAsync;
    }

    /// <summary>The node that is spoken to.</summary>
    public string Broker => new BrokerAddress(connection.Endpoint.HostName, connection.Endpoint.Port).ToString();

    /// <summary>Done when it has ended, with the reason.</summary>
    public Task<BrokerException> Ended => ended.Task;

    /// <exception cref="BrokerException">It cannot be opened, or the queue not be had.</exception>
    public static async Task<BrokerSession> OpenAsync(TransportUrl url, NotificationOptions options, CancellationToken ct)
    {
        IConnection opened = await BrokerConnection.OpenAsync(url, options, ct);
        try
        {
            var session = new BrokerSession(opened, await opened.CreateChannelAsync(cancellationToken: ct), options, url);
            await session.channel.BasicQosAsync(prefetchSize: 0, prefetchCount: (ushort)options.Prefetch, global: false, ct);
            return session;
        }
        catch (Exception e)
        {
            await opened.DisposeAsync();
            if (e is OperationCanceledException)
                throw;
            throw BrokerConnection.Explained(e, url);
        }
    }

    /// <summary>Makes sure that our queue is there and bound to Nova's exchange; a broker that was restarted forgets exchanges that are not durable.</summary>
    /// <returns>How many wait in it.</returns>
    /// <exception cref="BrokerException">It cannot be had; the session is over.</exception>
    public async Task<long> BindAsync(CancellationToken ct)
    {
        try
        {
            // The exchange after the queue: what is sent between them waits already where the binding is still there.
            QueueDeclareOk queue = await channel.QueueDeclareAsync(options.Queue, durable: true, exclusive: false, autoDelete: false, Arguments(), cancellationToken: ct);
            await channel.ExchangeDeclarePassiveAsync(options.Exchange, ct);
            foreach (string key in s_keys)
                await channel.QueueBindAsync(options.Queue, options.Exchange, key, cancellationToken: ct);
            return queue.MessageCount;
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            throw BrokerConnection.Explained(e, url);
        }
    }

    /// <exception cref="BrokerException">The session is over.</exception>
    public async Task ConsumeAsync(NotificationIntake intake, CancellationToken ct)
    {
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            ulong tag = message.DeliveryTag;
            await intake.TakeAsync(message.Body, new Receipt(() => AnswerAsync(() => channel.BasicAckAsync(tag, multiple: false)), () => AnswerAsync(() => channel.BasicNackAsync(tag, multiple: false, requeue: true))));
        };
        // The queue was deleted, or its node went away.
        consumer.UnregisteredAsync += (_, _) =>
        {
            ended.TrySetResult(new BrokerException(BrokerCodes.Lost, $"{url} ended the reading of queue {options.Queue}"));
            return Task.CompletedTask;
        };
        try
        {
            await channel.BasicConsumeAsync(options.Queue, autoAck: false, consumer, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            throw BrokerConnection.Explained(e, url);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await connection.CloseAsync(Constants.ReplySuccess, "the service stops listening", s_goodbye, abort: true, CancellationToken.None);
        }
        finally
        {
            await channel.DisposeAsync();
            await connection.DisposeAsync();
        }
    }

    private Dictionary<string, object?> Arguments() => new(StringComparer.Ordinal)
    {
        ["x-queue-type"] = options.QuorumQueue ? "quorum" : "classic",
        ["x-max-length"] = options.MaximumQueueLength,
        ["x-overflow"] = "drop-head",
        ["x-expires"] = (long)options.QueueLifetime.TotalMilliseconds,
    };

    /// <summary>An answer that does not arrive any more is none: the message comes again.</summary>
    private async ValueTask AnswerAsync(Func<ValueTask> answer)
    {
        await sending.WaitAsync();
        try
        {
            if (channel.IsOpen)
                await answer();
        }
        catch (Exception e) when (e is OperationInterruptedException or ObjectDisposedException or IOException or OperationCanceledException)
        {
            // Ended meanwhile.
        }
        finally
        {
            sending.Release();
        }
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        ended.TrySetResult(new BrokerException(BrokerCodes.Lost, $"{url}: {reason.ReplyText}"));
        return Task.CompletedTask;
    }
}
