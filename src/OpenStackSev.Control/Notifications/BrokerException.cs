namespace OpenStackSev.Control.Notifications;

/// <summary>The broker cannot be listened to. It is tried again.</summary>
/// <param name="code">One of <see cref="BrokerCodes"/>.</param>
/// <param name="detail">What failed and what helps; never the password.</param>
internal sealed class BrokerException(string code, string detail, Exception? inner = null) : Exception($"{code}: {detail}", inner)
{
    /// <summary>Stable code. Branch on this, never on the message.</summary>
    public string Code { get; } = code;

    public string Detail { get; } = detail;
}

/// <summary>Codes of <see cref="BrokerException"/>.</summary>
internal static class BrokerCodes
{
    /// <summary>No node answers, or none speaks AMQP.</summary>
    public const string Unreachable = "notifications.broker_unreachable";

    /// <summary>Its certificate, or the file of CAs, does not do.</summary>
    public const string Certificate = "notifications.broker_certificate";

    /// <summary>It refuses user, password or virtual host.</summary>
    public const string Refused = "notifications.broker_refused";

    /// <summary>The user may not declare the queue, bind it or read.</summary>
    public const string Forbidden = "notifications.forbidden";

    /// <summary>Nova has not declared its exchange: it sends none, or not through this broker.</summary>
    public const string ExchangeAbsent = "notifications.exchange_absent";

    /// <summary>A queue of this name is there, with other bounds.</summary>
    public const string QueueDiffers = "notifications.queue_differs";

    /// <summary>The connection was there, and ended.</summary>
    public const string Lost = "notifications.connection_lost";
}
